"""One request as it reached a listening endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as it was received, and what was answered."""

    #: Counts the requests of one endpoint, from 1.
    number: int
    #: Seconds since the epoch.
    at: float
    method: str
    path: str
    #: In the order of the wire, with the sender's spelling.
    headers: tuple[tuple[str, str], ...]
    body: bytes
    #: True or False once checked; None when no secret was known to check with.
    verified: bool | None
    #: Why it is not verified; empty when it is.
    reason: str
    #: The status it was answered with.
    answered: int

    @property
    def accepted(self) -> bool:
        """True when it was answered with success (2xx)."""
        return self.answered in range(200, 300)

    def header(self, name: str) -> str:
        """The first header of a name, in any case; empty when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are shown as escapes."""
        return self.body.decode("utf-8", "backslashreplace")

    def to_json(self) -> dict[str, object]:
        """The arrival as one JSON object."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "headers": {key.lower(): value for key, value in self.headers},
            "body": self.text(),
            "verified": self.verified,
            "reason": self.reason,
            "answered": self.answered,
        }


#: Checks path, headers (lower-case names) and body: None when no secret is known for the path,
#: else the reason why it does not verify, empty when it does.
Verify = Callable[[str, Mapping[str, str], bytes], str | None]
