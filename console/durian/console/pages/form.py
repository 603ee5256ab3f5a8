"""What a form sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl

from durian.errors import InvalidInput

#: Bytes of a form: the largest holds a filter, a description and certificates.
MOST_BYTES: Final = 256 * 1024

#: Fields of a form: a filter has a few for each of its conditions.
MOST_FIELDS: Final = 4000


class Form:
    """Names and values, in the order in which they were sent."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._pairs = pairs

    @classmethod
    def read(cls, body: bytes) -> Form:
        """Read a body of `application/x-www-form-urlencoded`. Raises InvalidInput."""
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        except ValueError as exc:
            raise InvalidInput("form", "cannot be read") from exc
        # Browsers end lines in CR LF, whatever was typed.
        return cls([(name, value.replace("\r\n", "\n")) for name, value in pairs])

    def __call__(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        return next((value for key, value in self._pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for key, value in self._pairs if key == name]

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)
