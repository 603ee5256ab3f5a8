"""How patient a producer is with the broker: every timeout and retry in one place."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields

import tenacity

from durian.errors import BrokerBlocked, BrokerUnavailable, InvalidSettings, PublishRejected

_LOG = logging.getLogger(__name__)


def passes(error: BaseException) -> bool:
    """Tell whether it may help to try again.

    Not when the broker is low on memory: RabbitMQ takes one message of each new connection before
    it blocks that too, so whoever tries again makes things worse.
    """
    passing = isinstance(error, BrokerUnavailable | PublishRejected)
    return passing and not isinstance(error, BrokerBlocked)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """How long a producer waits for the broker, and how often it tries.

    One `emit` ends after at most `give_up_after_s`, and the last attempt begun before that: the
    connect timeout of every broker URL and one confirm timeout.

    Raises:
        InvalidSettings: names the value that cannot be used.
    """

    #: Seconds to make a connection, for each broker URL.
    connect_timeout_s: float = 5.0
    #: Seconds until a publish that was not confirmed counts as lost and is sent again. Confirms of
    #: a busy quorum queue take tenths of a second; a broker in a memory alarm sends none.
    confirm_timeout_s: float = 15.0
    #: Times an event is sent, the first included, as long as none is confirmed in between.
    attempts: int = 5
    #: Upper end of the random pause before the second attempt; doubled for each further one.
    first_pause_s: float = 0.2
    #: Upper end of any pause, in seconds.
    longest_pause_s: float = 5.0
    #: No attempt begins later than this, in seconds.
    give_up_after_s: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value <= 0:
                raise InvalidSettings(field.name, f"{value} must be positive and finite")
        if self.attempts != int(self.attempts):
            raise InvalidSettings("attempts", f"{self.attempts} must be a whole number")

    def retrying(
        self,
        interrupt: threading.Event,
        stop: Callable[[tenacity.RetryCallState], bool] | None = None,
    ) -> tenacity.Retrying:
        """What carries out a function by this policy; setting `interrupt` ends its pauses.

        `stop` decides after each failure whether it was the last attempt; unless given, the
        policy's number of attempts and its time do.
        """
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(passes),
            stop=stop
            or tenacity.stop_any(
                tenacity.stop_after_attempt(self.attempts),
                tenacity.stop_after_delay(self.give_up_after_s),
            ),
            wait=tenacity.wait_random_exponential(
                multiplier=self.first_pause_s, max=self.longest_pause_s
            ),
            sleep=tenacity.sleep_using_event(interrupt),
            before_sleep=_log_retry,
            reraise=True,
        )


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause_s = state.next_action.sleep if state.next_action else 0.0
    _LOG.warning("producer.waits pause_s=%s error=%s", round(pause_s, 2), error)
