"""Source: another system whose webhooks come in and become events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from durian.errors import InvalidInput, InvalidSource
from durian.match.event_pattern import OPERATIONAL
from durian.signature import new_secret, parse_secret

#: How a system signs: by Standard Webhooks, or in its own way.
Scheme = Literal["standard", "github", "stripe"]

#: All of them.
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

#: Characters of a secret whose form is the system's own: what nobody guesses.
SHORTEST_SECRET = 16

#: Characters of one at most.
MOST_SECRET = 1000

#: Characters of the first words: there has to be room for the rest in 255 bytes.
MOST_EVENT = 128

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
_EVENT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where webhooks come in, without its secrets.

    Raises:
        InvalidSource: names the field that cannot be used, and why.
    """

    #: Part of the URL: lower-case letters, digits and hyphens.
    id: str
    scheme: Scheme
    #: The first words of its events' types; the rest is what the system calls them.
    event: str
    #: For people.
    description: str = ""
    #: In seconds since the epoch.
    created_at: float

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            hint = "Use 1 to 64 lower-case letters, digits and hyphens, such as github-shop."
            raise InvalidSource("id", f"{self.id!r} cannot be part of a URL", hint=hint)
        if self.scheme not in SCHEMES:
            raise InvalidSource("scheme", f"{self.scheme!r} is none of {', '.join(SCHEMES)}")
        if not _EVENT.fullmatch(self.event) or len(self.event) > MOST_EVENT:
            hint = "Give words with dots between, such as github."
            raise InvalidSource("event", f"{self.event!r} cannot begin a type", hint=hint)
        if self.event.split(".")[0] == OPERATIONAL:
            raise InvalidSource("event", f"must not begin with {OPERATIONAL}")
        if "\0" in self.description:
            raise InvalidSource("description", "must not contain NUL characters")

    @property
    def uri(self) -> str:
        """The `source` of its events."""
        return f"/sources/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSecret:
    """What a source's webhooks are verified with."""

    #: Left out of the repr, so that no log shows it.
    value: str = field(repr=False)
    #: Seconds since the epoch from which it no longer verifies; None means that it does not end.
    expires_at: float | None = None

    @classmethod
    def of(cls, scheme: Scheme, value: str) -> SourceSecret:
        """Take the secret that a system was given, or gave.

        Raises InvalidSource when nothing can be verified with it; it is not repeated in the error.
        """
        if scheme == "standard":
            try:
                prefix = parse_secret(value).prefix
            except InvalidInput as exc:
                raise InvalidSource("secret", exc.reason) from exc
            if prefix == "whsk_":
                raise InvalidSource("secret", "a private key (whsk_) signs: give the public one")
        elif len(value) < SHORTEST_SECRET or not _SECRET.fullmatch(value):
            reason = f"needs at least {SHORTEST_SECRET} printable characters and no spaces"
            raise InvalidSource("secret", reason)
        return cls(value=value)

    @classmethod
    def new(cls, scheme: Scheme) -> SourceSecret:
        """Make a random one, to be given to the system. Raises InvalidSource when it gives its own.

        Stripe makes the secrets of its endpoints itself.
        """
        if scheme == "stripe":
            hint = "Add the endpoint at Stripe, and give the signing secret that it shows."
            raise InvalidSource("secret", "is missing", hint=hint)
        return cls(value=new_secret())
