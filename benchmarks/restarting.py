"""How much sooner a router is ready by its snapshot: `python -m benchmarks.restarting [LISTENERS]`.

On the embedded broker, where queues cost nearly nothing: what RabbitMQ takes to declare them is
saved as well, and is not counted here.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from durian.broker.memory import MemoryBroker
from durian.broker.topology import Topology
from durian.registry import Listener, ListenerSecret
from durian.registry.store import Store, upgrade
from durian.registry.vault import Vault
from durian.router import Router
from durian.router.snapshot import Snapshot

#: Seconds for a router to be ready.
_START_S = 600.0


def main() -> None:
    """Print the seconds until a router is ready, without a snapshot and with it, and the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/durian.db"
        upgrade(url)
        with Store.open(url, Vault([b"k" * 32])) as store:
            store.add_listeners((_listener(number), _secret()) for number in range(count))
            path = Path(folder, "index")
            read_s = _start(store, path)
            restored_s = _start(store, path)
    ratio = read_s / restored_s
    told = {"listeners": count, "read s": read_s, "restored s": restored_s, "ratio": ratio}
    print(json.dumps({key: round(value, 2) for key, value in told.items()}))


def _start(store: Store, path: Path) -> float:
    """Start a router and stop it again, which writes the snapshot; the seconds until ready."""
    broker = MemoryBroker()
    broker.start()
    began = time.perf_counter()
    router = Router(broker, Topology(), store, snapshot=Snapshot(path, store.identity()))
    router.start()
    if not router.wait_ready(_START_S):
        raise TimeoutError("the router is not ready")
    took_s = time.perf_counter() - began
    router.stop()
    broker.stop()
    return took_s


def _listener(number: int) -> Listener:
    match = json.dumps({"name": f"somebody {number}"})
    return Listener.create(
        id=f"listener-{number}", url="https://far.example/hook", event="person", filter=match
    )


def _secret() -> ListenerSecret:
    return ListenerSecret.new(now=time.time())


if __name__ == "__main__":
    main()
