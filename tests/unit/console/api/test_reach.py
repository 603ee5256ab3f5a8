from __future__ import annotations

import asyncio

from durian.console.api.reach import FRESH_S, Reach
from durian.errors import BrokerUnavailable


class Checked:
    """A broker that is asked, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.now_s = 0.0

    def check(self) -> None:
        self.asked += 1
        if self.away:
            raise BrokerUnavailable


def test_an_answer_holds_for_a_while_and_is_then_asked_for_again() -> None:
    broker = Checked()

    async def main() -> None:
        reach = Reach(broker.check, lambda: broker.now_s)
        assert list(await asyncio.gather(reach(), reach(), reach())) == [True] * 3
        assert broker.asked == 1
        broker.away = True
        assert await reach()
        broker.now_s = FRESH_S
        assert not await reach()
        broker.away = False
        assert not await reach()
        broker.now_s = 2 * FRESH_S
        assert await reach()
        assert broker.asked == 3

    asyncio.run(main())
