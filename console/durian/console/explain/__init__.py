"""Why a listener got an event, or did not get it: facts are gathered, then judged."""

from __future__ import annotations

from durian.console.explain.facts import Facts, Place, Subject
from durian.console.explain.gather import NEAR_MOST, Gathered, Gatherer, find_subject
from durian.console.explain.judge import Judgement, judge, set_aside
from durian.console.explain.wanting import Wanting, wanting

__all__ = [
    "NEAR_MOST",
    "Facts",
    "Gathered",
    "Gatherer",
    "Judgement",
    "Place",
    "Subject",
    "Wanting",
    "find_subject",
    "judge",
    "set_aside",
    "wanting",
]
