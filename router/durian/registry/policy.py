"""How deliveries to one listener are made: the policy that a listener carries."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from durian.errors import InvalidListener
from durian.registry.headers import check_headers

#: Standard Webhooks' recommended schedule, in seconds: the wait before each attempt.
STANDARD_SCHEDULE_S: tuple[float, ...] = (
    0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
)  # fmt: skip

#: A wait in a schedule is at most what the longest bucket of the delay wheel holds.
Wait = Annotated[float, Field(ge=0, le=7 * 24 * 3600)]

#: Characters of certificates in one field: a chain, or a company's few authorities. Every process
#: holds all policies.
MAX_PEM_LENGTH = 32_768

#: Events in one request: no receiver has to read more at once, ours among them, and no process to
#: hold more than a broker hands out.
MOST_BATCH_EVENTS = 1000

#: Seconds that a batch may wait for more: far less than a message may be held.
MOST_BATCH_WAIT_S = 30

#: Bytes of a batch: as many as our own receivers read.
MOST_BATCH_BYTES = 4 * 1024 * 1024

Pem = Annotated[str, Field(max_length=MAX_PEM_LENGTH)]

PayloadFormat = Literal["data", "cloudevent", "standard"]


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    try:
        check_headers(headers)
    except InvalidListener as exc:
        raise ValueError(exc.reason) from exc
    return headers


class Policy(BaseModel):
    """How deliveries to one listener are made. Every field has a default that serves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Seconds to wait before each attempt; its length is the number of attempts.
    schedule_s: Annotated[tuple[Wait, ...], Field(min_length=1, max_length=100)] = (
        STANDARD_SCHEDULE_S
    )
    #: Share of a wait by which it may vary, each way.
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    #: Seconds one attempt may take in total: name lookup, connect, TLS, request and response.
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    #: Seconds of that which connecting may take.
    connect_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    #: Attempts under way at once, in each delivery process; an ordered listener has one at most.
    concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    #: Attempts a second at most, over all delivery processes; None: as many as there are.
    rate_per_s: Annotated[float, Field(ge=0.001, le=10_000)] | None = None
    #: Whether events are delivered strictly one after the other, retries included. Fixed when the
    #: listener is added, because its queue differs.
    ordered: bool = False
    #: What the body holds: the event's data, the whole CloudEvent, or {type, timestamp, data}.
    payload: PayloadFormat = "data"
    #: Events in one request at most, as a CloudEvents batch; 1: each has a request of its own.
    batch_events: Annotated[int, Field(ge=1, le=MOST_BATCH_EVENTS)] = 1
    #: Seconds that the first event of a batch waits for more.
    batch_wait_s: Annotated[float, Field(ge=0, le=MOST_BATCH_WAIT_S)] = 1.0
    #: Bytes of a batch's body at most; an event that has more by itself goes alone.
    batch_bytes: Annotated[int, Field(ge=1024, le=MOST_BATCH_BYTES)] = 262_144
    #: Statuses after which a delivery is given up at once instead of being tried again.
    no_retry_statuses: frozenset[Annotated[int, Field(ge=100, le=999)]] = frozenset()
    #: Headers that every attempt carries besides Durian's own, such as `X-Api-Key`.
    headers: Annotated[dict[str, str], AfterValidator(_check_headers)] = Field(default_factory=dict)
    #: PEM of the authorities its certificate is checked against, instead of the deployment's.
    ca_pem: Pem | None = None
    #: PEM of the client certificate that is shown to it, and of its chain. The key is a secret.
    cert_pem: Pem | None = None

    @property
    def batches(self) -> bool:
        """Whether a request holds several events, or may."""
        return self.batch_events > 1

    @field_validator("batch_events")
    @classmethod
    def _can_be_batched(cls, value: int, info: ValidationInfo) -> int:
        if value > 1 and info.data.get("payload", "cloudevent") != "cloudevent":
            reason = "needs payload=cloudevent above 1: only there has each event of a batch its id"
            raise ValueError(reason)
        if value > 1 and info.data.get("ordered"):
            reason = "must be 1 for an ordered listener, which gets one event after the other"
            raise ValueError(reason)
        return value

    @model_validator(mode="after")
    def _starts_at_once(self) -> Self:
        if self.ordered and self.schedule_s[0] > 0:
            reason = "an ordered listener's schedule_s must begin with 0"
            raise ValueError(reason)
        return self
