"""A deployment that keeps what hooks send, for tests."""

from __future__ import annotations

from collections.abc import Callable

from durian.events import Event
from durian.hook import Deployment, Hook, ModelHook, Settings
from durian.registry import Listener, ListenerSecret

#: Makes and binds a hook about persons; it is gone after the test.
Bind = Callable[..., ModelHook]


class Recording(Deployment):
    """Keeps what hooks send and save."""

    def __init__(self) -> None:
        super().__init__(Settings(source="/test"))
        self.events: list[Event] = []
        #: The database that each event's change was made in.
        self.databases: list[str | None] = []
        self.listeners: list[Listener] = []
        self.error: Exception | None = None

    def emit(self, hook: Hook, event: Event, using: str | None = None) -> None:
        del hook
        if self.error is not None:
            raise self.error
        self.events.append(event)
        self.databases.append(using)

    def add_listener(self, listener: Listener, secret: ListenerSecret) -> None:
        assert secret.value.startswith("whsec_")
        self.listeners.append(listener)

    def take(self) -> list[object]:
        """The data of what was sent since the last call."""
        data = [event.data for event in self.events]
        self.events.clear()
        return data
