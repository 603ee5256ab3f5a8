"""Run the counting receiver: `python -m benchmarks.receiver --port 9000 --delay-ms 20`."""

from __future__ import annotations

import argparse
import contextlib

import uvloop

from benchmarks.receiver.server import serve


def main() -> None:
    """Parse options and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Count webhooks and answer 200.")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 chooses one")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="wait before each answer")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(options.port, options.delay_ms / 1000))


if __name__ == "__main__":
    main()
