"""Methods of other people's classes that do something more, for as long as somebody needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any


class Wrapping:
    """Wraps one method of classes; each is wrapped once, however many ask for it.

    Args:
        name: The method's name.
        wrap: Makes the attribute that takes its place, of the class and its attribute before.
    """

    def __init__(self, name: str, wrap: Callable[[Any, Any], Any]) -> None:
        self._name = name
        self._wrap = wrap
        self._needed: Counter[Any] = Counter()
        #: What the classes had of their own, if they had.
        self._before: dict[Any, Any] = {}

    def add(self, owner: Any) -> None:
        """Wrap the method of a class."""
        self._needed[owner] += 1
        if self._needed[owner] == 1:
            self._before[owner] = owner.__dict__.get(self._name)
            setattr(owner, self._name, self._wrap(owner, getattr(owner, self._name)))

    def remove(self, owner: Any) -> None:
        """Have it as it was, once nobody needs it wrapped; harmless when nobody did."""
        if not self._needed[owner]:
            return
        self._needed[owner] -= 1
        if self._needed[owner] == 0:
            before = self._before.pop(owner)
            if before is None:
                delattr(owner, self._name)
            else:
                setattr(owner, self._name, before)
