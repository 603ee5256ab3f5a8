"""What listeners ask of events: matchers, Filter, and the Index of all listeners."""

from __future__ import annotations

from durian.match.event_pattern import check_event_pattern
from durian.match.explain import Verdict
from durian.match.filter import Filter
from durian.match.groups import AllOf, AnyOf, Not
from durian.match.index import Index
from durian.match.values import MISSING
from durian.match.words import Any_ as Any
from durian.match.words import Contains, Endswith, Gt, Gte, Is, Like, Lt, Lte, Startswith

__all__ = [
    "MISSING",
    "AllOf",
    "Any",
    "AnyOf",
    "Contains",
    "Endswith",
    "Filter",
    "Gt",
    "Gte",
    "Index",
    "Is",
    "Like",
    "Lt",
    "Lte",
    "Not",
    "Startswith",
    "Verdict",
    "check_event_pattern",
]
