"""What runs in a child: its work, and telling the parent how it goes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection

import structlog

from durian.broker.port import Broker
from durian.console import exits
from durian.console.heartbeat import BEAT_S, Heartbeat
from durian.console.logs import configure
from durian.console.metrics import Exposition
from durian.console.operations import failure
from durian.console.settings import Settings
from durian.console.supervisor.words import Alive, Failed, Measured, Word
from durian.errors import DurianError

_log = structlog.get_logger("durian.console")

#: Tells whoever looks after a process, for the length of a block, that it lives and what it
#: measures. Given the broker, a queue whose length is asked for, and the metrics.
Telling = Callable[[Broker, str, Exposition], AbstractContextManager[None]]

#: What a process does until it is stopped.
Work = Callable[[Settings, Telling], None]


def main(work: Work, settings: Settings, number: int, pipe: Connection[Word, None]) -> None:
    """Work as one of several, until SIGTERM or the end of the parent."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    configure(settings, process=number)
    line = _Line(pipe)
    threading.Thread(target=line.await_end, name="durian-parent", daemon=True).start()
    try:
        work(settings, partial(_telling, settings, line))
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent has to hear of it
        line.say(Failed(failure.to_json(_in_words(error))))
        sys.exit(exits.FAILED)


class _Line:
    """The way to the parent. Safe to share by threads."""

    def __init__(self, pipe: Connection[Word, None]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, word: Word) -> None:
        """Say a word; nobody hears it when the parent has gone."""
        with self._lock, suppress(OSError):
            self._pipe.send(word)

    def await_end(self) -> None:
        """Stop this process when its parent has gone."""
        with suppress(EOFError, OSError):
            self._pipe.recv()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _telling(
    settings: Settings, line: _Line, broker: Broker, queue: str, exposition: Exposition
) -> Iterator[None]:
    with ExitStack() as stack:
        heartbeat = Heartbeat(broker, queue, lambda: line.say(Alive()))
        stack.callback(heartbeat.stop)
        heartbeat.start()
        if settings.metrics_port is not None:
            stop = threading.Event()
            teller = threading.Thread(
                target=_tell_metrics, args=(line, exposition, stop), name="durian-metrics"
            )
            stack.callback(teller.join)
            stack.callback(stop.set)
            teller.start()
        line.say(Alive())
        yield


def _tell_metrics(line: _Line, exposition: Exposition, stop: threading.Event) -> None:
    while True:
        line.say(Measured(list(exposition.registry.collect())))
        if stop.wait(BEAT_S):
            return


def _in_words(error: Exception) -> DurianError:
    if isinstance(error, ModuleNotFoundError):
        error = exits.missing_extra(error) or error
    if isinstance(error, DurianError):
        return error
    _log.exception("process.failed")
    return DurianError(
        f"{type(error).__name__}: {error}", hint="This should not happen; the log shows where."
    )
