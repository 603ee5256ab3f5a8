"""The form of a listener: its URL and how deliveries to it are made, as people type them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from durian.console.api.listener_models import Listener
from durian.console.moments import UNITS_S, read_duration
from durian.console.pages.form import Form
from durian.errors import InvalidFilter, InvalidInput
from durian.errors.fault import reason_of
from durian.registry import Policy

#: Its fields, but for those of the policy.
_OWN: Final = ("url", "description", "owner", "key_pem")

#: Fields of the policy that are typed as they are.
_PLAIN: Final = (
    "payload",
    "timeout_s",
    "connect_timeout_s",
    "jitter",
    "concurrency",
    "rate_per_s",
    "batch_events",
    "batch_wait_s",
    "batch_bytes",
    "ca_pem",
    "cert_pem",
)

#: Those that are written in a way of their own.
_LISTS: Final = ("schedule_s", "headers", "no_retry_statuses")


@dataclass(frozen=True, slots=True)
class ListenerForm:
    """What was typed, and what is wrong with it."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    ordered: bool = False

    @classmethod
    def of(cls, policy: Policy, listener: Listener | None = None) -> ListenerForm:
        """Show a listener, or one that is to be."""
        own = {name: getattr(listener, name, None) or "" for name in _OWN}
        plain = {name: _text(getattr(policy, name)) for name in _PLAIN}
        lists = {
            "schedule_s": " ".join(_wait(wait) for wait in policy.schedule_s),
            "headers": "\n".join(f"{name}: {value}" for name, value in policy.headers.items()),
            "no_retry_statuses": " ".join(map(str, sorted(policy.no_retry_statuses))),
        }
        return cls(own | plain | lists, ordered=policy.ordered)

    @classmethod
    def read(cls, form: Form) -> ListenerForm:
        """Read it back."""
        names = (*_OWN, *_PLAIN, *_LISTS)
        return cls({name: form(name).strip() for name in names}, ordered=bool(form("ordered")))

    @property
    def opens(self) -> bool:
        """Whether what is wrong stands where it is folded away."""
        return bool(self.errors.keys() - {"url", "description"})

    def policy(self) -> dict[str, Any]:
        """The policy's fields; what cannot be read is noted, and left out."""
        fields: dict[str, Any] = {name: self.values[name] or None for name in _PLAIN}
        readers = (_read_schedule, _read_headers, _read_statuses)
        for name, read in zip(_LISTS, readers, strict=True):
            try:
                fields[name] = read(self.values[name])
            except InvalidInput as error:
                self.errors[name] = error.reason
        return fields

    def note(self, error: InvalidInput | ValidationError) -> None:
        """Note what is wrong beside the field that it is about."""
        if isinstance(error, ValidationError):
            for one in error.errors():
                self._note([str(part) for part in one["loc"]], reason_of(one))
        elif isinstance(error, InvalidFilter):
            self.errors["filter"] = str(error)
        else:
            self._note(error.field.split("."), error.reason)

    def _note(self, path: list[str], reason: str) -> None:
        known = [part for part in path if part in self.values]
        self.errors.setdefault(known[0] if known else path[0], f"It {reason}.")


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _wait(seconds: float) -> str:
    """A wait as it would be typed: `5m`."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % UNITS_S[unit] == 0:
            return f"{seconds / UNITS_S[unit]:g}{unit}"
    return f"{seconds:g}s"


def _read_schedule(text: str) -> list[float]:
    waits: list[float] = []
    for word in text.replace(",", " ").split():
        number = word.removesuffix("s")
        try:
            waits.append(float(number))
        except ValueError:
            waits.append(read_duration("schedule_s", word))
    return waits


def _read_headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise InvalidInput("headers", f"holds a line without a colon: {line[:40]!r}")
        headers[name.strip()] = value.strip()
    return headers


def _read_statuses(text: str) -> list[str]:
    return text.replace(",", " ").split()
