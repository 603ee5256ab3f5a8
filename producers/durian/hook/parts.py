"""What producers ask of the layers above them, which they must not import."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from durian.errors import MissingExtra

#: The group of entry points by which those layers offer it.
GROUP = "durian.parts"

#: The extra that each of them needs.
_EXTRAS = {"inline": "consumer", "command": "console", "operations": "console", "up": "console"}


def part(name: str) -> Any:
    """What another layer offers under a name. Raises MissingExtra when it is not installed."""
    extra = _EXTRAS.get(name, "all")
    found = entry_points(group=GROUP, name=name)
    try:
        return next(iter(found)).load()
    except StopIteration:
        raise MissingExtra(extra, f"Durian's part {name!r}") from None
    except MissingExtra as exc:  # the extra of the first module that was missed
        raise MissingExtra(extra, exc.module) from exc
    except ModuleNotFoundError as exc:
        raise MissingExtra(extra, exc.name or name) from exc
