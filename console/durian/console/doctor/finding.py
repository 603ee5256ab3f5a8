"""What one check of the doctor found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from durian.errors import DurianError, RegistryMissing

#: ok: as it should be. warn: works, but not as well as it could. fail: something will not work.
Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report."""

    level: Level
    #: What was looked at, in a word or two.
    about: str
    #: What was found, as a sentence.
    found: str
    #: What to do about it; empty when nothing has to be done.
    advice: str = ""


def ok(about: str, found: str) -> Finding:
    """As it should be."""
    return Finding(level="ok", about=about, found=found)


def warn(about: str, found: str, advice: str) -> Finding:
    """It works, but not as well as it could."""
    return Finding(level="warn", about=about, found=found, advice=advice)


def fail(about: str, error: DurianError) -> Finding:
    """Something will not work."""
    return Finding(level="fail", about=about, found=error.message, advice=error.advice)


def guarded(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Run a check; an error that ends it is its last finding.

    A registry that nobody has made yet is no error.
    """
    try:
        yield from check()
    except RegistryMissing as error:
        yield warn(about, error.message, error.advice)
    except DurianError as error:
        yield fail(about, error)
