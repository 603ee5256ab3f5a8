"""A link without a broker, for the tests of what uses links."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from durian.errors import BrokerUnavailable
from durian.producers.broker_url import BrokerUrl, parse_broker_urls
from durian.producers.ledger import Ledger, Outgoing, Receipt
from durian.producers.link import Link
from durian.producers.policy import PublishPolicy

#: Where nothing is.
NOWHERE = parse_broker_urls("amqp://nowhere.example")[0]


class FakeLink(Link):
    """Confirms one event per call of `collect` that waits, and fails where it was told to.

    Failures are told by how many events were published before, this link's first being 0.
    """

    def __init__(
        self,
        url: BrokerUrl = NOWHERE,
        policy: PublishPolicy | None = None,
        *,
        breaks_at: int | None = None,
        rejects: Iterable[int] = (),
        returns: Iterable[int] = (),
    ) -> None:
        del policy
        self.url = url
        self.broken = False
        self.dead = False
        self.published: list[Outgoing] = []
        self.most_outstanding = 0
        self.calls: list[str] = []
        self._breaks_at = breaks_at
        self._rejects = set(rejects)
        self._returns = set(returns)
        self._ledger = Ledger(str(url))
        self._confirmed = 0

    def publish(self, outgoing: Outgoing, exchange: str) -> None:
        """Take it, unless this is where it breaks."""
        assert exchange.endswith(".events")
        number = len(self.published)
        self._ledger.add(outgoing, 0.0)
        if number == self._breaks_at:
            self.broken = True
            raise BrokerUnavailable("broken on purpose")
        self.published.append(outgoing)
        if number in self._returns:
            self._ledger.returned(outgoing.message.message_id, outgoing.message.routing_key)
        self.most_outstanding = max(self.most_outstanding, self.outstanding)

    def collect(self, *, wait: bool) -> list[Receipt]:
        """Settle the next one when somebody waits."""
        if wait and self.outstanding:
            settle: Callable[..., None] = self._ledger.acked
            if self._confirmed in self._rejects:
                settle = self._ledger.nacked
            self._confirmed += 1
            settle(self._confirmed, multiple=False)
        return self._ledger.take_receipts()

    def alive(self) -> bool:
        """As the test says."""
        return not self.dead

    def rest(self) -> None:
        """Write it down."""
        self.calls.append("rest")

    def close(self) -> None:
        """Write it down."""
        self.calls.append("close")

    def forget(self) -> None:
        """Write it down."""
        self.calls.append("forget")
