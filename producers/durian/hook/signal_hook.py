"""SignalHook: an event whenever a signal is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from durian.errors import InvalidHook
from durian.hook.hook import OPTIONS, Hook
from durian.hook.reference import imported

#: Arguments of signals that say how they were sent, not what happened.
HOW_IT_WAS_SENT = frozenset({"signal", "sender", "using"})


class SignalHook(Hook):
    """A hook that is triggered by a signal, such as one of Django's.

        class LoginHook(SignalHook):
            name = "login"
            signal = "django.contrib.auth.signals.user_logged_in"
            provides_args = {"user": "user.username"}

    Its payload are the signal's arguments.
    """

    #: The signal, or where it is: anything with `connect` and `disconnect` as Django has them.
    signal: Any = None
    #: Whose signals are meant; None: everybody's.
    sender: Any = None

    @classmethod
    def _options(cls) -> tuple[str, ...]:
        return (*OPTIONS, "signal", "sender")

    def bind(self) -> None:
        """Connect to the signal. Raises InvalidHook when there is none."""
        signal = self.resolve_signal()
        for number, sender in enumerate(self.senders()):
            signal.connect(self._receive, sender=sender, weak=False, dispatch_uid=self._uid(number))

    def unbind(self) -> None:
        """Disconnect from it."""
        signal = self.resolve_signal()
        for number, sender in enumerate(self.senders()):
            signal.disconnect(sender=sender, dispatch_uid=self._uid(number))

    def senders(self) -> Iterable[Any]:
        """Whose signals are meant."""
        return (self.sender,)

    def resolve_signal(self) -> Any:
        """The signal itself. Raises InvalidHook."""
        signal = imported("signal", self.signal) if isinstance(self.signal, str) else self.signal
        if not callable(getattr(signal, "connect", None)):
            hint = "Give a signal, or where it is: django.db.models.signals.post_save."
            raise InvalidHook("signal", f"{self.signal!r} is no signal", hint=hint)
        return signal

    def _uid(self, number: int) -> str:
        return f"durian:{self.name}:{number}"

    def _receive(self, sender: Any, **arguments: Any) -> None:
        """Send what a signal says."""
        del sender
        payload = {name: value for name, value in arguments.items() if name not in HOW_IT_WAS_SENT}
        self._emit(lambda: self.data_of(payload), using=arguments.get("using"))
