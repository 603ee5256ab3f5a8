"""One deployment under test: a virtual host, a registry, listeners, receivers and a history."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from durian.broker.blocking import declare_all, publish_all
from durian.broker.port import Address
from durian.broker.rabbit import RabbitBroker
from durian.broker.topology import Topology
from durian.control import Provision
from durian.errors import SignatureError
from durian.events import Event, amqp
from durian.events.media import BATCH
from durian.events.message import Message
from durian.registry import Listener, ListenerSecret, Policy
from durian.registry.store import Store, upgrade
from durian.registry.vault import Vault, new_key
from durian.signature import Verifier
from tests.chaos.crew import Crew
from tests.chaos.moods import NEVER, Moods
from tests.chaos.queues import Queues
from tests.support.cli import PATIENCE_S
from tests.support.history import History, Name, Verdict
from tests.support.rabbitmq import Node
from tests.support.recording import RecordingReceiver
from tests.support.senders import SenderKind

#: Attempts of one listener under way at once in a process, which fetches as many again ahead.
CONCURRENCY = 4

_EVEN = Policy(schedule_s=(0,), jitter=0, concurrency=CONCURRENCY)

#: The listeners, each with another way to its end: at once, through a delay queue, into the
#: dead-letter queue, one after the other, and several in one request.
POLICIES: Mapping[str, Policy] = {
    "all": _EVEN,
    "flaky": _EVEN.model_copy(update={"schedule_s": (0, 0.1, 0.1)}),
    "doomed": _EVEN.model_copy(
        update={"schedule_s": (0, 0.1), "no_retry_statuses": frozenset({NEVER})}
    ),
    "ordered": _EVEN.model_copy(update={"schedule_s": (0, 0.1, 0.1), "ordered": True}),
    "batched": _EVEN.model_copy(
        update={
            "schedule_s": (0, 0.1, 0.1),
            "payload": "cloudevent",
            "batch_events": 4,
            "batch_wait_s": 0.2,
        }
    ),
}

#: Events a router holds unsettled.
PREFETCH = 10

#: Events in one message of a batch.
BATCHED = 2

#: Seconds between two looks at the queues.
_LOOK_S = 0.1

#: Attempts that are read at once.
_PAGE = 1000


class Deployment:
    """What the processes of a crew work on. Made by `deployed`."""

    def __init__(
        self,
        stack: ExitStack,
        node: Node,
        home: Path,
        *,
        registry_url: str = "",
        history: History | None = None,
        sender: SenderKind = "requests",
    ) -> None:
        """Make one with an empty registry: on SQLite, unless another one is named."""
        vhost = node.add_vhost()
        stack.callback(node.delete_vhost, vhost)
        self.url = node.vhost_url(vhost)
        self.topology = Topology()
        self.queues = Queues(node, self.url)
        self.history = history or History()
        self.moods = Moods()
        self._verifiers: dict[str, Verifier] = {}
        receiver = RecordingReceiver(self.history, self.moods, self._signed)
        self.receiver = stack.enter_context(receiver)
        keys = new_key()
        registry_url = registry_url or f"sqlite:///{home / 'registry.db'}"
        upgrade(registry_url)
        self.store = stack.enter_context(Store.open(registry_url, Vault.from_text(keys)))
        self.broker = RabbitBroker(self.url, name="durian-chaos", settle_s=0)
        stack.callback(self.broker.stop)
        self.broker.start()
        declare_all(self.broker, self.topology.house())
        self.provision = Provision(self.store, self.broker, self.topology)
        #: What every process is told.
        self.settings = {
            "DURIAN_BROKER_URL": self.url,
            "DURIAN_REGISTRY_URL": registry_url,
            "DURIAN_SECRET_KEYS": keys,
            "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
            "DURIAN_PREFETCH": str(PREFETCH),
            "DURIAN_SENDER": sender,
        }
        self.crew = Crew(stack, home, self.settings)
        self._paths: set[str] = set()
        self._numbers = iter(range(1_000_000))

    def add(self, listener_id: str, policy: Policy = _EVEN, event: str = "#") -> Listener:
        """Add a listener that wants every event, or those of a type; its id is its path."""
        path = f"/{listener_id}"
        listener = Listener.create(
            id=listener_id,
            url=f"{self.receiver.url}{path}",
            event=event,
            policy=policy,
        )
        secret = ListenerSecret.new(now=time.time())
        self.trust(listener_id, secret)
        self.provision.add(listener, secret)
        self._paths.add(path)
        return listener

    def trust(self, listener_id: str, *secrets: ListenerSecret) -> None:
        """From now on what a listener gets must be signed with one of these secrets."""
        self._verifiers[f"/{listener_id}"] = Verifier([secret.value for secret in secrets])

    def expect_no_more(self, listener_id: str) -> None:
        """Events that are published from now on do not concern a listener."""
        self._paths.discard(f"/{listener_id}")

    def publish(self, count: int) -> None:
        """Publish events, half of them in batches, and return when all are confirmed."""
        events = [
            Event(id=f"e{number}", source="/chaos", type="order.placed", data={"number": number})
            for _, number in zip(range(count), self._numbers, strict=False)
        ]
        half = count // 2
        singles = [amqp.encode(event) for event in events[:half]]
        batches = [_batch(events[first : first + BATCHED]) for first in range(half, count, BATCHED)]
        for message in (*singles, *batches):
            for event in amqp.decode(message):
                self.history.expect(self._paths, event.id, event.body)
        address = Address(self.topology.events, "order.placed")
        publish_all(self.broker, [(message, address) for message in (*singles, *batches)])

    def settle(self, timeout_s: float = 2 * PATIENCE_S) -> Verdict:
        """Wait until everything has come to its end, stop all processes, and compare.

        Whatever has not come to its end in time shows in the verdict as waiting or lost.
        """
        wait_until(self.is_settled, timeout_s)
        self.crew.end("router", "delivery")
        attempts = self.topology.attempts
        wait_until(lambda: not self.queues.ready([attempts])[attempts], timeout_s)
        self.crew.end("recorder")
        return self.verdict()

    def verdict(self) -> Verdict:
        """Look into every queue, and compare both ends. Once, with all processes stopped."""
        for name in self.queues.names():
            path = self._path_of(name)
            for held in self.queues.read(name) if path is not None else ():
                if name.startswith(f"{self.topology.dead}."):
                    self.history.bury(path or "", held.event_id, held.body)
                else:
                    self.history.hold(path or f"/{held.routing_key}", held.event_id, held.body)
        return self.history.verdict()

    def delayed(self) -> int:
        """How many deliveries wait in delay queues."""
        prefix = f"{self.topology.prefix}.delay."
        ready = self.queues.ready(name for name in self.queues.names() if name.startswith(prefix))
        return sum(ready.values())

    def strays(self) -> Mapping[str, int]:
        """Messages in queues where none should be: they left the way."""
        topology = self.topology
        ready = self.queues.ready((topology.invalid, topology.unrouted, topology.orphans))
        return {name: count for name, count in ready.items() if count}

    def recorded(self) -> Counter[Name]:
        """How many attempts of each delivery the attempt log knows."""
        found: Counter[Name] = Counter()
        page = self.store.list_attempts(limit=_PAGE)
        while True:
            found.update((f"/{one.listener_id}", one.event_id) for one in page.attempts)
            if page.next is None:
                return found
            page = self.store.list_attempts(after=page.next, limit=_PAGE)

    def dead(self) -> set[Name]:
        """The deliveries that lie in dead-letter queues."""
        prefix = f"{self.topology.dead}."
        return {
            (f"/{name.removeprefix(prefix)}", held.event_id)
            for name in self.queues.names()
            if name.startswith(prefix)
            for held in self.queues.read(name)
        }

    def is_settled(self) -> bool:
        """Nothing waits, and every delivery was received or is dead."""
        dead = f"{self.topology.dead}."
        ready = self.queues.ready(
            name for name in self.queues.names() if self._path_of(name) is not None
        )
        if any(count for name, count in ready.items() if not name.startswith(dead)):
            return False
        buried = sum(count for name, count in ready.items() if name.startswith(dead))
        missing = self.history.missing()
        return len(missing) <= buried and not missing - self.dead()

    def _path_of(self, queue: str) -> str | None:
        """The listener's path whose deliveries a queue holds; empty when it is shared."""
        for prefix in (self.topology.listener_queue(""), self.topology.dead_queue("")):
            if queue.startswith(prefix):
                return f"/{queue.removeprefix(prefix)}"
        shared = queue == self.topology.route or queue.startswith(f"{self.topology.prefix}.delay.")
        return "" if shared else None

    def _signed(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            self._verifiers[path].verify(headers, body, time.time())
        except SignatureError:
            return False
        return True


@contextmanager
def deployed(
    node: Node,
    home: Path,
    policies: Mapping[str, Policy] = POLICIES,
    sender: SenderKind = "requests",
) -> Iterator[Deployment]:
    """Set a deployment up for the length of the block; no process runs yet."""
    with ExitStack() as stack:
        deployment = Deployment(stack, node, home, sender=sender)
        for listener_id, policy in policies.items():
            deployment.add(listener_id, policy)
        yield deployment


def wait_until(holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Look again and again until something holds; False when that is not in time."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            return False
        pause.wait(_LOOK_S)
    return True


def _batch(events: Sequence[Event]) -> Message:
    documents = [dict(event.attributes) | {"data": json.loads(event.body)} for event in events]
    return Message(
        body=json.dumps(documents).encode(), content_type=BATCH, routing_key="order.placed"
    )
