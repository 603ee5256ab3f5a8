"""What batches spare a delivery process: the same events one by one, and many in a request."""

from __future__ import annotations

from benchmarks.durian_run import Deployment, measure
from benchmarks.receiver import Receiver
from benchmarks.support import Figure, virtual_host
from durian.registry import Policy
from tests.support.rabbitmq import Node

#: Listeners, deliveries of each measurement, and events in a batch.
LISTENERS = 10
DELIVERIES = 20_000
EVENTS = 100

#: The same body but for what is around it.
ALONE = Policy(payload="cloudevent")
BATCHED = Policy(payload="cloudevent", batch_events=EVENTS, batch_wait_s=30)


def batching(node: Node) -> list[Figure]:
    """The processor time that a delivery costs, by sender, alone and in a batch."""
    figures: list[Figure] = []
    with Receiver() as receiver:
        for kind in ("requests", "curl"):
            alone, batched = (_cpu_ms(node, receiver, kind, policy) for policy in (ALONE, BATCHED))
            figures += [
                Figure(f"{kind}: one by one: CPU a delivery", alone, "ms"),
                Figure(f"{kind}: {EVENTS} in a batch: CPU a delivery", batched, "ms"),
                Figure(f"{kind}: one by one / in a batch: CPU", alone / batched, "x"),
            ]
    return figures


def _cpu_ms(node: Node, receiver: Receiver, kind: str, policy: Policy) -> float:
    with virtual_host(node) as url, Deployment(url, sender=kind) as deployment:
        speed = measure.drained(
            deployment, receiver, listeners=LISTENERS, deliveries=DELIVERIES, policy=policy
        )
    return speed.cpu_ms
