"""Links without a broker, for producers of every kind."""

from __future__ import annotations

import pytest

from durian.errors import BrokerUnavailable
from durian.producers import PublishPolicy
from durian.producers.broker_url import BrokerUrl
from tests.support.links import FakeLink


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> list[FakeLink]:
    """The links that producers get, in this order; after the last one no broker answers."""
    links: list[FakeLink] = []
    opened: list[FakeLink] = []

    def open_next(_url: BrokerUrl, _policy: PublishPolicy) -> FakeLink:
        if len(opened) == len(links):
            raise BrokerUnavailable("no broker.")
        opened.append(links[len(opened)])
        return opened[-1]

    monkeypatch.setattr("durian.producers.pool.Link", open_next)
    return links
