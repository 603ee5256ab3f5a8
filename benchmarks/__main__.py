"""`make bench`: every suite, or those named: `make bench ARGS="isolation memory"`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks import batching, emitting, many, recording, routing, senders, suites
from benchmarks.support import Figure, broker, broker_version, report
from tests.support.rabbitmq import Node

SUITES: dict[str, Callable[[Node], list[Figure]]] = {
    "end_to_end": suites.end_to_end,
    "routing": routing.routing,
    "crowd": suites.crowd,
    "many": many.many,
    "senders": senders.senders,
    "recording": recording.recording,
    "batching": batching.batching,
    "emit": emitting.emit,
    "isolation": suites.isolation,
    "replay": suites.replay,
    "memory": suites.memory,
    "django": suites.django,
}


def main() -> None:
    """Run suites on one broker."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", nargs="*", help=f"of {', '.join(SUITES)}; all when none is named")
    names = parser.parse_args().suite or list(SUITES)
    for name in names:
        if name not in SUITES:
            parser.error(f"there is no suite {name!r}; choose of {', '.join(SUITES)}")
    with broker() as node:
        for name in names:
            began = time.monotonic()
            figures = SUITES[name](node)
            took_s = time.monotonic() - began
            report(name, figures, took_s, rabbitmq=broker_version(node))


if __name__ == "__main__":
    main()
