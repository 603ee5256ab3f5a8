"""The verifiers of examples/verify, each in its own language, on what Durian signs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from durian.signature import Signer, new_secret

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "verify"

COMMANDS = {
    "python": [sys.executable, str(EXAMPLES / "verify.py")],
    "javascript": ["node", str(EXAMPLES / "verify.js")],
    "go": ["go", "run", str(EXAMPLES / "verify.go")],
}

BODY = b'{"name": "Jo\xc3\xa9"}'


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> list[str]:
    """How a language's verifier is run; a language that is not on this machine is named."""
    found: list[str] = COMMANDS[request.param]
    if shutil.which(found[0]) is None:
        pytest.skip(f"{found[0]} is not on this machine: verify in {request.param} did not run")
    return found


def accepts(
    command: list[str], secret: str, signature: str, timestamp: int | str, body: bytes = BODY
) -> bool:
    given = {
        "WEBHOOK_SECRET": secret,
        "WEBHOOK_ID": "msg_1",
        "WEBHOOK_TIMESTAMP": str(timestamp),
        "WEBHOOK_SIGNATURE": signature,
    }
    done = subprocess.run(
        command, input=body, env=os.environ | given, capture_output=True, check=False
    )
    # `go run` prints the status of what it ran.
    said = done.stderr.decode().replace("exit status 1", "").strip()
    assert done.returncode in (0, 1), said
    assert not said, said
    return done.returncode == 0


def test_it_accepts_what_durian_signs_and_nothing_else(command: list[str]) -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    now = int(time.time())
    signature = Signer([new, old]).sign("msg_1", now, BODY)
    assert accepts(command, new, signature, now)
    assert accepts(command, old, signature, now), "during a rotation both secrets verify"
    assert not accepts(command, other, signature, now)
    assert not accepts(command, new, signature, now, body=BODY + b" ")
    assert not accepts(command, new, "v1,\u00e9 v1 nonsense", now)
    assert not accepts(command, new, signature, "\u00b2")
    assert not accepts(command, new, signature, "abc")
    stale = now - 3600
    signature = Signer([new]).sign("msg_1", stale, BODY)
    assert not accepts(command, new, signature, stale)
