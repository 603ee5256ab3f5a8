"""One emission of a file: its name, and the ids that its lines have however often it is resumed."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Self

from durian.errors import InvalidInput
from durian.events import new_id

#: Bits of a UUID of version 7 that tell its time; the version and the rest follow.
_TIME_SHIFT = 80
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_COUNTER = (1 << 12) - 1
_RANDOM = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Run:
    """An emission, and the line it begins with."""

    #: A UUID of version 7: when the run was begun first.
    name: str
    #: The first line that is emitted; counted from one.
    first: int = 1

    def __str__(self) -> str:
        return f"{self.name}:{self.first}"

    @classmethod
    def new(cls) -> Self:
        """Begin one."""
        return cls(new_id())

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what an interrupted run said that it goes on with. Raises InvalidInput."""
        name, _, line = text.rpartition(":")
        try:
            run = cls(str(uuid.UUID(name)), int(line))
        except ValueError:
            run = cls("", 0)
        if run.first < 1:
            hint = "Give what the interrupted command printed."
            raise InvalidInput("--resume", f"{text!r} is not RUN:LINE", hint=hint)
        return run

    def at(self, line: int) -> Run:
        """The same run, beginning with another line."""
        return Run(self.name, line)

    def id_of(self, line: int) -> str:
        """The id of a line's event: a UUID of version 7 with the run's time, always the same."""
        digest = int.from_bytes(hashlib.sha256(f"{self.name}:{line}".encode()).digest()[:16], "big")
        time = uuid.UUID(self.name).int >> _TIME_SHIFT << _TIME_SHIFT
        counter = (digest >> 64 & _COUNTER) << 64
        return str(uuid.UUID(int=time | _VERSION | counter | _VARIANT | digest & _RANDOM))
