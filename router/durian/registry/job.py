"""A job: something long that was asked for by HTTP, and goes on when nobody looks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: `running`: a process works on it, or has died over it. `done`: it has come to its end. `stopped`:
#: nobody wanted it any more, or its process ended. `failed`: an error ended it.
JobState = Literal["running", "done", "stopped", "failed"]

#: Letters and digits that are not mistaken for one another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job and how far it has come. Moments are in seconds since the epoch."""

    #: Short and readable; see `new_job_id`.
    id: str
    #: What is done: an operation's name, such as `dead.replay`.
    kind: str
    #: What it is done to: `listener joe`.
    target: str
    #: What the operation was given.
    arguments: Mapping[str, Any]
    #: Whose listener it is done to; None: nobody's, or the whole deployment's.
    owner: str | None = None
    #: Who asked for it, as the audit log names them.
    actor: str = ""
    state: JobState = "running"
    #: How many of how many are done; a total of 0 is not known yet.
    done: int = 0
    total: int = 0
    #: What came of it, when it is done.
    result: Any = None
    #: What ended it, when it failed: an error, as `durian.console.operations.failure` writes it.
    failure: Mapping[str, str] | None = None
    started_at: float = 0.0
    updated_at: float = 0.0
    #: The process that works on it.
    holder: str = ""
    #: True while it is running and its holder was heard of; not written but found out.
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Some jobs, the newest first."""

    jobs: Sequence[Job]
    #: What to ask after for the next page; None when this is the last.
    next: tuple[float, str] | None = None


def new_job_id() -> str:
    """Make an id."""
    return "j-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))
