"""What the routes work on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from durian.broker.port import Broker
from durian.broker.topology import QueueType, Topology
from durian.console.api.measured import HttpMeasures
from durian.console.api.publish import Publish
from durian.console.backlog import BacklogWatch
from durian.console.metrics import Exposition
from durian.console.recent import RecentEvents
from durian.console.settings import Settings
from durian.console.working import Worker
from durian.registry.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """An open house, or the part of it that `durian web` has."""

    broker: Broker
    names: Topology
    #: As Durian itself has it; a request is answered on behalf of whoever makes it.
    store: Store
    publish: Publish
    recent: RecentEvents
    worker: Worker
    backlog: BacklogWatch
    #: Tells whether requests can be answered.
    ready: Callable[[], Awaitable[bool]]
    #: What `/metrics` shows.
    exposition: Exposition = field(default_factory=Exposition)
    #: Requests are counted here.
    http: HttpMeasures = field(default_factory=HttpMeasures)
    #: The text of the token that is valid on this machine alone; None when there is none.
    local_token: str | None = None
    #: As this process was told.
    settings: Settings = field(default_factory=Settings)
    #: Kind of a new listener's delivery queue.
    queue_type: QueueType = "quorum"
    #: Requests a second that a token may make, unless it says so itself.
    rate_per_s: float = 100.0
