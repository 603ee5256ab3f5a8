"""One look at how everything fares: the whole, and the listeners that matter most right now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from durian.client import Client

#: Listeners whose numbers are asked for at once: the most that the API takes.
_ASKED_MOST = 100

#: Attempts in which is looked for listeners that are busy.
_RECENT = 500

#: Seconds within which a server that nobody has asked for a while has counted its queues, unless
#: there are very many; and between two looks whether it has.
_COUNTED_S = 10.0
_AGAIN_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A listener, as it fares."""

    id: str
    #: How it is, in a word, as `durian listeners list` tells it.
    state: str
    #: When its breaker opened, RFC 3339; None while it is closed.
    failing_since: str | None
    #: Deliveries that wait in its queue, and its dead letters.
    ready: int
    dead: int
    attempts_per_s: float
    success_rate: float | None
    p95_ms: float | None

    @property
    def urgency(self) -> tuple[bool, int, float, str]:
        """What rows are sorted by: those that fail first, then where most waits, then the busy."""
        waiting = self.ready + self.dead
        return self.failing_since is None, -waiting, -self.attempts_per_s, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything at a moment."""

    #: What `GET /v1/stats` tells.
    overview: Mapping[str, Any]
    #: The most urgent first.
    rows: list[Row]

    def to_json(self) -> dict[str, Any]:
        """The same as one JSON object."""
        fields = Row.__slots__
        rows = [{name: getattr(row, name) for name in fields} for row in self.rows]
        return {**self.overview, "rows": rows}


def counted(client: Client, *, window_s: int, wait: Callable[[float], object]) -> Mapping[str, Any]:
    """What `GET /v1/stats` tells, once the server has counted what waits.

    It counts as long as somebody asks, so who asks once waits for it: 10 seconds at most, by
    `wait`, which takes seconds and tells true when there is no time left.
    """
    overview = client.stats(window_s=window_s)
    for _ in range(round(_COUNTED_S / _AGAIN_S)):
        backlog = overview["backlog"]
        if backlog is None or (backlog["at"] and backlog["listeners_at"]) or wait(_AGAIN_S):
            break
        overview = client.stats(window_s=window_s)
    return overview


def look(
    client: Client, *, window_s: int, most: int, overview: Mapping[str, Any] | None = None
) -> Look:
    """Look at the rates of so many seconds up to now, and at so many listeners at most.

    The `overview` is asked for unless it is at hand.
    """
    overview = client.stats(window_s=window_s) if overview is None else overview
    failing = {one["listener"]: one["failing_since"] for one in overview["worst"]}
    names = _names(client, overview, failing)
    told = client.listener_stats(names, window_s=window_s) if names else []
    rows = sorted((_row(one, failing) for one in told), key=lambda row: row.urgency)
    return Look(overview=overview, rows=rows[:most])


def _names(client: Client, overview: Mapping[str, Any], failing: Mapping[str, str]) -> list[str]:
    """Listeners worth a look: those that fail, that wait, that are busy; then any."""
    backlog = overview["backlog"] or {"most": []}
    busy = Counter(one["listener_id"] for one in client.attempts(most=_RECENT))
    names = dict.fromkeys(
        [
            *failing,
            *(one["listener"] for one in backlog["most"]),
            *(name for name, _ in busy.most_common()),
        ]
    )
    if len(names) < _ASKED_MOST:
        others = client.pages("/v1/listeners", most=_ASKED_MOST)
        names |= dict.fromkeys(one["id"] for one in others)
    return list(islice(names, _ASKED_MOST))


def _row(told: Mapping[str, Any], failing: Mapping[str, str]) -> Row:
    rates = told["rates"]
    return Row(
        id=told["listener"],
        # An older server does not tell it.
        state=told.get("state") or ("failing" if told["listener"] in failing else "enabled"),
        failing_since=failing.get(told["listener"]),
        ready=told["ready"],
        dead=told["dead"],
        attempts_per_s=rates["attempts_per_s"],
        success_rate=rates["success_rate"],
        p95_ms=rates["latency_ms"]["p95"],
    )
