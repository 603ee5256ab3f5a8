"""Reading DURIAN_FAILPOINT, and doing what it says."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

from durian.errors import InvalidSettings
from durian.faults.points import POINTS

#: The environment variable that arms one failpoint of a process.
VARIABLE: Final = "DURIAN_FAILPOINT"

#: `kill` ends the process as a power cut would, `stop` freezes it until it gets SIGCONT, `raise`
#: is a mistake of our own.
Action = Literal["kill", "stop", "raise"]

_FORM = re.compile(r"(?P<point>[a-z_.]+):(?P<action>kill|stop|raise)(?:@(?P<passes>[1-9][0-9]*))?")


class InjectedFault(Exception):
    """Raised at a failpoint armed with `raise`: no error of Durian's, as a mistake is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to happen, and when."""

    point: str
    action: Action
    #: At which pass of the failpoint, counted from 1.
    passes: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name:action@n`; `@n` may be left out. Raises InvalidSettings."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidSettings(VARIABLE, f"{text!r} is no fault", hint=_HINT)
        if found["point"] not in POINTS:
            known = ", ".join(POINTS)
            raise InvalidSettings(VARIABLE, f"there is no {found['point']!r}", hint=f"Use {known}.")
        action = cast("Action", found["action"])
        return cls(point=found["point"], action=action, passes=int(found["passes"] or 1))

    def __str__(self) -> str:
        return f"{self.point}:{self.action}@{self.passes}"


_HINT = "Write it as router.confirmed:kill@3: a name, kill, stop or raise, and at which pass."


def armed(plan: Plan) -> Callable[[str], None]:
    """Make the function that failpoints call in a process with a plan. From any thread."""
    lock = threading.Lock()
    left = plan.passes

    def passed(point: str) -> None:
        nonlocal left
        if point != plan.point:
            return
        with lock:
            left -= 1
            due = left == 0
        if due:
            _carry_out(plan)

    return passed


def _carry_out(plan: Plan) -> None:
    sys.stderr.write(f"failpoint {plan}\n")
    sys.stderr.flush()
    if plan.action == "raise":
        raise InjectedFault(str(plan))
    os.kill(os.getpid(), signal.SIGKILL if plan.action == "kill" else signal.SIGSTOP)


def _unarmed(point: str) -> None:
    """Pass a failpoint in a process without a plan."""


def _choose() -> Callable[[str], None]:
    text = os.environ.get(VARIABLE)
    return armed(Plan.parse(text)) if text else _unarmed


#: Passes a place in the code: `failpoint("router.confirmed")`.
failpoint: Final = _choose()
