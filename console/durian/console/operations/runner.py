"""Where operations are run: here, on RabbitMQ, or at a server such as a `durian up`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from durian.console.operations.operation import Progress
from durian.console.settings import Settings

#: Runs an operation of a name with arguments; returns what JSON can hold.
Run = Callable[[str, Mapping[str, object], Progress], Any]


@contextmanager
def open_runner(settings: Settings) -> Iterator[Run]:
    """Run operations at the server that is set, or on the broker, else in the `durian up` here."""
    if settings.server or not settings.broker_url:
        from durian.console.operations import remote  # noqa: PLC0415 - only with a server

        yield partial(remote.run if settings.server else remote.run_nearby, settings)
        return
    from durian.console.operations import catalogue  # noqa: PLC0415 - only with one
    from durian.console.operations.operation import Context  # noqa: PLC0415 - the same
    from durian.console.wiring import open_broker, open_store, topology  # noqa: PLC0415 - the same

    with open_store(settings) as store, open_broker(settings) as broker:
        context = Context(broker=broker, names=topology(settings), store=store)
        yield lambda name, given, progress: catalogue.run(name, context, given, progress)


def unseen(_done: int, _total: int) -> None:
    """Progress that nobody watches."""
