"""A listener in the making: `hook.listener(url=...).match(name="Joe").save()`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from durian.errors import InvalidFilter
from durian.hook.deployment import current
from durian.match import Filter
from durian.registry import Listener, ListenerSecret, Policy

if TYPE_CHECKING:
    from durian.hook.hook import Hook


@dataclass(frozen=True, slots=True)
class SavedListener:
    """A listener that was saved, and the secret its deliveries are signed with."""

    listener: Listener
    #: Shown this once: the registry keeps it sealed.
    secret: str

    @property
    def id(self) -> str:
        """The listener's id."""
        return self.listener.id


class NewListener:
    """A listener of one hook; nothing is stored before `save`."""

    def __init__(self, hook: Hook, url: str, options: Mapping[str, Any]) -> None:
        self._hook = hook
        self._url = url
        self._options = dict(options)
        self._filter = Filter()

    def match(self, *parts: Any, **conditions: Any) -> Self:
        """Narrow it to events that meet conditions, as `durian.match.Filter` takes them.

        Without any, and with conditions of `Any()`, it wants every event of the hook.

        Raises:
            InvalidFilter: a condition cannot be understood, or asks for what the hook does not
                provide.
        """
        for name in conditions:
            self._check_name(name)
        self._filter &= Filter(*parts, **conditions)
        return self

    def build(self) -> Listener:
        """The listener as it would be saved. Raises InvalidListener."""
        fields = dict(self._options)
        changes = {name: fields.pop(name) for name in tuple(fields) if name in Policy.model_fields}
        policy = self._hook.policy().model_dump() | changes | dict(fields.pop("policy", {}))
        return Listener.create(
            url=self._url,
            event=self._hook.name,
            filter=self._filter.to_json(),
            queue_type=fields.pop("queue_type", current().settings.queue_type),
            policy=policy,
            **fields,
        )

    def save(self) -> SavedListener:
        """Store it; from now on it gets events.

        Raises:
            InvalidListener: names the field that cannot be used.
            Conflict: its id is taken.
            RegistryError: the registry cannot be reached.
        """
        listener = self.build()
        secret = ListenerSecret.new(now=time.time())
        current().add_listener(listener, secret)
        return SavedListener(listener, secret.value)

    def _check_name(self, name: str) -> None:
        provided = self._hook.provides()
        if provided is None or name.startswith("@"):
            return
        known = [*provided, *self._hook.own_args]
        if name.partition(".")[0] not in {path.partition(".")[0] for path in known}:
            reason = f"is not provided by the hook {self._hook.name!r}"
            raise InvalidFilter(name, reason, hint=f"It provides {', '.join(known)}.")
