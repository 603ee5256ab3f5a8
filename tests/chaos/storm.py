"""A storm: events at a steady rate while faults come as a schedule has them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from durian.registry import Policy
from tests.chaos.deployment import Deployment, wait_until
from tests.chaos.emitter import EVERYTHING, SHARES, Emitter
from tests.chaos.fleet import Fleet, Post
from tests.chaos.moods import NEVER
from tests.chaos.recovery import TimedHistory
from tests.chaos.schedule import Fault, draw
from tests.support.history import Verdict
from tests.support.postgres import PrivateServer
from tests.support.proxy import Proxy
from tests.support.rabbitmq import PrivateNode
from tests.support.senders import SenderKind

#: Processes of each role.
POSTS: Mapping[str, int] = {"router": 2, "delivery": 2, "recorder": 2}

#: Events a router holds unsettled, and attempts of one listener under way at once in a process.
PREFETCH = 100
CONCURRENCY = 8

#: The listener whose receiver is blocked now and then.
BLOCKABLE = "blockable"

#: Seconds before each attempt: patient enough to outlive every fault.
_SCHEDULE_S = (0, 0.5, 1, 2, 5, 10, 20, 30, 60, 60)

_EVEN = Policy(schedule_s=_SCHEDULE_S, concurrency=CONCURRENCY)

#: What differs for the other listeners; an ordered one holds up what comes behind a retry.
_POLICIES: Mapping[str, Policy] = {
    "blockable": _EVEN.model_copy(update={"timeout_s": 3.0}),
    "doomed": _EVEN.model_copy(
        update={"schedule_s": (0, 0.5), "no_retry_statuses": frozenset({NEVER})}
    ),
    "ordered": _EVEN.model_copy(
        update={"ordered": True, "schedule_s": (0, 0.05, *_SCHEDULE_S[2:])}
    ),
}

#: Seconds that everything may take to come to its end once the storm is over.
SETTLE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a storm has left."""

    published: int
    seconds: float
    verdict: Verdict
    #: Messages that left the way, by queue.
    strays: Mapping[str, int]
    #: Deliveries that were tried and of which the attempt log knows nothing.
    unrecorded: int
    #: How often processes were started again, and how they ended when nobody had asked for it.
    restarts: int
    failures: Sequence[tuple[str, int, list[str]]]
    faults: Counter[str]
    recoveries_s: Mapping[str, Sequence[float]]
    unrecovered: int


class Storm:
    """A deployment with everything that can happen to it."""

    def __init__(
        self,
        stack: ExitStack,
        node: PrivateNode,
        server: PrivateServer,
        home: Path,
        *,
        seed: int,
        sender: SenderKind,
    ) -> None:
        self._node = node
        self._server = server
        self._seed = seed
        self._history = TimedHistory()
        self._house = Deployment(
            stack, node, home, registry_url=server.url, history=self._history, sender=sender
        )
        for kind in (EVERYTHING, *SHARES):
            if kind != "plain":
                event = "chaos.#" if kind == EVERYTHING else f"chaos.{kind}"
                self._house.add(kind, _POLICIES.get(kind, _EVEN), event)
        self._proxies = {role: stack.enter_context(Proxy(self._house.url)) for role in POSTS}
        self._fleet = Fleet(home)
        stack.callback(self._fleet.end)
        #: A server is not stopped while it is being started.
        self._locks = {"broker": threading.Lock(), "registry": threading.Lock()}

    def rage(self, seconds: float, rate_per_s: float, say: Callable[[str], None]) -> Aftermath:
        """Let it rage for so many seconds, wait until all is quiet, and count."""
        for role, count in POSTS.items():
            self._man(role, count)
        emitter = Emitter(self._house.url, self._history, self._seed, rate_per_s)
        began = time.monotonic()
        emitter.start()
        faults = draw(self._seed, seconds)
        self._carry_out(faults, seconds, emitter, say)
        # A broker that is away holds up the events: some have to come after the last fault too.
        wait_until(lambda: not self._history.unrecovered, SETTLE_S)
        assert emitter.stop(SETTLE_S), "the events were not confirmed"
        emitted_s = time.monotonic() - began
        say(
            f"{emitter.confirmed} events confirmed in {emitted_s:.0f} s; waiting until all is quiet"
        )
        wait_until(self._house.is_settled, SETTLE_S)
        return self._count(emitter, emitted_s, faults)

    def _man(self, role: str, count: int) -> list[Post]:
        settings = {
            "DURIAN_BROKER_URL": self._proxies[role].url,
            "DURIAN_PREFETCH": str(PREFETCH),
        }
        return self._fleet.man(role, count, self._house.settings | settings)

    def _carry_out(
        self, faults: Sequence[Fault], seconds: float, emitter: Emitter, say: Callable[[str], None]
    ) -> None:
        began = time.monotonic()
        pause = threading.Event()
        threads: list[threading.Thread] = []
        for fault in faults:
            pause.wait(max(0.0, began + fault.at_s - time.monotonic()))
            say(f"{fault.at_s:6.1f} s  {fault.kind} for {fault.hold_s:.1f} s")
            path = f"/{BLOCKABLE}" if fault.action == "block" else ""
            self._history.fault(fault.kind, emitter.count, path)
            threads.append(threading.Thread(target=self._strike, args=[fault], daemon=True))
            threads[-1].start()
        pause.wait(max(0.0, began + seconds - time.monotonic()))
        for thread in threads:
            thread.join()

    def _strike(self, fault: Fault) -> None:
        """Do it, and undo it."""
        hold = threading.Event()
        match fault.action:
            case "kill":
                self._fleet.kill(fault.target)
            case "freeze":
                pid = self._fleet.freeze(fault.target)
                hold.wait(fault.hold_s)
                self._fleet.thaw(pid)
            case "cut":
                proxy = self._proxies[fault.target]
                proxy.stall(new=False)
                hold.wait(fault.hold_s)
                proxy.reset()
            case "add":
                (post,) = self._man(fault.target, 1)
                hold.wait(fault.hold_s)
                post.end()
            case "block":
                self._house.moods.block(f"/{BLOCKABLE}")
                hold.wait(fault.hold_s)
                self._house.moods.release(f"/{BLOCKABLE}")
            case "stop":
                with self._locks[fault.target]:
                    self._stop(fault.target)
                    hold.wait(fault.hold_s)
                    self._start(fault.target)

    def _stop(self, target: str) -> None:
        if target == "broker":
            self._node.kill()
        else:
            self._server.stop()

    def _start(self, target: str) -> None:
        if target == "broker":
            self._node.start()
        else:
            self._server.start()

    def _count(self, emitter: Emitter, seconds: float, faults: Sequence[Fault]) -> Aftermath:
        self._fleet.end("router", "delivery")
        attempts = self._house.topology.attempts
        wait_until(lambda: not self._house.queues.ready([attempts])[attempts])
        self._fleet.end()
        tried = self._house.moods.calls.keys()
        return Aftermath(
            published=emitter.confirmed,
            seconds=seconds,
            verdict=self._house.verdict(),
            strays=self._house.strays(),
            unrecorded=len(tried - self._house.recorded().keys()),
            restarts=self._fleet.restarts,
            failures=self._fleet.failures,
            faults=Counter(fault.kind for fault in faults),
            recoveries_s=self._history.recoveries_s,
            unrecovered=self._history.unrecovered,
        )
