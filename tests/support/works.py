"""What children of a supervisor do in tests: functions that another interpreter can find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from durian.broker.port import Broker, QueueState
from durian.console.metrics import Exposition
from durian.console.settings import Settings
from durian.console.stop import stop_signals
from durian.console.supervisor import Telling
from durian.errors import BrokerError, MissingExtra


class _Answering:
    """The part of a broker that a heartbeat asks."""

    def inspect(self, _queue: str, done: Callable[[QueueState | BrokerError], None]) -> None:
        done(QueueState(ready=0, consumers=1))


def wait(_settings: Settings, telling: Telling) -> None:
    """Tell how it goes until the end."""
    broker = cast("Broker", _Answering())
    with stop_signals() as stop, telling(broker, "durian.route", Exposition()):
        stop.wait()


def lack_a_part(*_: Any) -> None:
    """Need what is not installed."""
    raise MissingExtra("curl", "pycurl")


def make_a_mistake(*_: Any) -> None:
    """Fail as nobody foresaw."""
    raise LookupError("of a test")
