"""What listeners ask of events: matchers, Filter, and the Index of all listeners."""

from __future__ import annotations

from durian.match.event_pattern import check_event_pattern
from durian.match.explain import Verdict
from durian.match.filter import Filter
from durian.match.groups import AllOf, AnyOf, Not
from durian.match.index import Index
from durian.match.matchers import (
    After,
    AnythingBut,
    Before,
    Between,
    Cidr,
    Contains,
    Endswith,
    Exists,
    Gt,
    Gte,
    In,
    Is,
    Like,
    Lt,
    Lte,
    Missing,
    Startswith,
    Wildcard,
)
from durian.match.matchers import Any_ as Any
from durian.match.values import MISSING

__all__ = [
    "MISSING",
    "After",
    "AllOf",
    "Any",
    "AnyOf",
    "AnythingBut",
    "Before",
    "Between",
    "Cidr",
    "Contains",
    "Endswith",
    "Exists",
    "Filter",
    "Gt",
    "Gte",
    "In",
    "Index",
    "Is",
    "Like",
    "Lt",
    "Lte",
    "Missing",
    "Not",
    "Startswith",
    "Verdict",
    "Wildcard",
    "check_event_pattern",
]
