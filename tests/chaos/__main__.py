"""`python -m tests.chaos`: the crash-point matrix, then a storm for each sender: docs/chaos.md."""

from __future__ import annotations

import argparse
import logging
import random
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.promise import broken, mistakes, table
from tests.chaos.storm import Storm
from tests.support.house import ROOT
from tests.support.rabbitmq import find_server
from tests.support.senders import KINDS, SenderKind
from tests.support.servers import private_node, private_server

_PARTS = ("matrix", "storm")


def main() -> int:
    """Run both, or one; tell 0 when the promise was kept and 1 when not."""
    options = _options()
    failed = False
    if options.only != "storm":
        command = [sys.executable, "-m", "pytest", "-m", "chaos or crash", *options.pytest]
        failed = subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    if options.only != "matrix":
        for sender in [options.sender] if options.sender else KINDS:
            failed = not _storm(options, sender) or failed
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--only", choices=_PARTS, help="run one of the two")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the storm lasts")
    parser.add_argument("--rate", type=float, default=300.0, help="events a second")
    parser.add_argument("--sender", choices=KINDS, help="of the storm; a storm each by default")
    parser.add_argument("--seed", type=int, help="of the storm; a random one is printed")
    parser.add_argument("pytest", nargs="*", help="options of pytest for the matrix, after --")
    return parser.parse_args()


def _storm(options: argparse.Namespace, sender: SenderKind) -> bool:
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    again = f"--only storm --sender {sender} --seed {seed}"
    again += f" --seconds {options.seconds:g} --rate {options.rate:g}"
    _say(f'The storm of seed {seed} on {sender}. Again: make chaos ARGS="{again}"')
    if find_server() is None:
        _say("There is no RabbitMQ; scripts/services installs it.")
        return False
    # Connections are lost all the time: that is no news.
    logging.disable(logging.WARNING)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="durian-chaos-")))
        node = stack.enter_context(private_node())
        postgres = stack.enter_context(private_server())
        storm = Storm(stack, node, postgres, home, seed=seed, sender=sender)
        aftermath = storm.rage(options.seconds, options.rate, _say)
    _say(f"\n{table(aftermath)}\n")
    for mistake in mistakes(aftermath):
        _say(mistake)
    faults = broken(aftermath)
    _say(f"Promise broken: {', '.join(faults)}. Seed {seed}." if faults else "Promise kept.")
    return not faults


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
