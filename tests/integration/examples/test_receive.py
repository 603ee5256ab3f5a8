"""The receivers of examples/receive, each in its own language, on what Durian signs."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from durian.signature import new_secret, sign
from tests.support.house import ROOT
from tests.support.rabbitmq import free_ports

EXAMPLES = ROOT / "examples" / "receive"

COMMANDS = {
    "python": [sys.executable, "receive.py"],
    "javascript": ["node", "receive.js"],
    "go": ["go", "run", "receive.go"],
    "java": ["java", "Receive.java"],
    "ruby": ["rackup", "--port", "PORT", "config.ru"],
}

OLD, NEW, OTHER = new_secret(), new_secret(), new_secret()
BODY = b'{"name": "Jo\xc3\xa9"}'


class Receiver:
    """A running receiver that knows one secret."""

    def __init__(self, command: list[str]) -> None:
        (self._port,) = free_ports(1)
        given = {"WEBHOOK_SECRET": NEW, "PORT": str(self._port)}
        self._process = subprocess.Popen(
            [str(self._port) if word == "PORT" else word for word in command],
            cwd=EXAMPLES,
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # `go run` starts what it has built.
            process_group=0,
        )
        self.wait_line("listening")

    @property
    def is_running(self) -> bool:
        """Tell whether it was not stopped yet."""
        return self._process.returncode is None

    def wait_line(self, word: str) -> str:
        """Wait for a line that contains a word."""
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line.decode())
            if word in lines[-1]:
                return lines[-1]
        raise AssertionError(f"it ended: {lines}")

    def answers(
        self, signature: str, timestamp: int | str, *, body: bytes = BODY, webhook_id: str = "msg_1"
    ) -> int:
        """Deliver a webhook; tell the status of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {
            "content-type": "application/json",
            "ce-type": "person",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
        try:
            connection.request("POST", "/hook", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self) -> list[str]:
        """End it; tell which other webhooks it printed."""
        os.killpg(self._process.pid, signal.SIGKILL)
        rest, _ = self._process.communicate()
        return [line for line in rest.decode().splitlines() if line.startswith("person")]


@pytest.fixture(params=sorted(COMMANDS))
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    """A language's receiver; a language that is not on this machine is named."""
    command = COMMANDS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine: receive in {request.param} did not run")
    running = Receiver(command)
    yield running
    if running.is_running:
        running.stop()


def test_it_takes_what_durian_signs_and_nothing_else(receiver: Receiver) -> None:
    now, stale = int(time.time()), int(time.time()) - 3600
    signature = sign([NEW], "msg_1", now, BODY)
    refused = (
        receiver.answers(sign([OTHER], "msg_1", now, BODY), now),
        receiver.answers(signature, now, body=BODY + b" "),
        receiver.answers(signature, now, webhook_id="msg_2"),
        receiver.answers("v1,caf\u00e9 v1 nonsense", now),
        receiver.answers("", now),
        receiver.answers(signature, "\u00b2"),
        receiver.answers(signature, "abc"),
        receiver.answers(sign([NEW], "msg_1", stale, BODY), stale),
    )
    assert refused == (401,) * len(refused)
    assert receiver.answers(signature, now) == 204
    # Tried again, because the answer was lost; and during a rotation, signed by both secrets.
    assert receiver.answers(signature, now) == 204
    rotated = sign([OLD, NEW], "msg_3", now, BODY)
    assert receiver.answers(rotated, now, webhook_id="msg_3") == 204
    assert receiver.wait_line("person") == f"person {BODY.decode()}\n"
    assert receiver.stop() == [f"person {BODY.decode()}"]
