"""Faults on purpose: failpoints in the code at which a test lets a process die, stop or fail.

`DURIAN_FAILPOINT=router.confirmed:kill@3` sends SIGKILL to the process when it passes the one of
that name for the third time. Without that variable a failpoint is a call of an empty function
(measured: 24 ns). docs/chaos.md tells what is done with them.
"""

from __future__ import annotations

from durian.faults.arm import VARIABLE, InjectedFault, Plan, failpoint
from durian.faults.points import POINTS

__all__ = ["POINTS", "VARIABLE", "InjectedFault", "Plan", "failpoint"]
