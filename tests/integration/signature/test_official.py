"""The official libraries accept our signatures before, during and after a rotation."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import standardwebhooks
import svix.webhooks

from durian.signature import new_key_pair, new_secret, sign
from tests.support.absent import absent

OLD, NEW, FOREIGN = new_secret(), new_secret(), new_secret()
PRIVATE, _ = new_key_pair()

BODIES = (
    b'{"name": "Joe"}',
    '{"name": "Zo\u00eb \u4f8b \U0001f980"}'.encode(),
    b"{}",
    b'[1,"a b"]',
)


@dataclass(frozen=True)
class Message:
    """A signed message, and whether a verifier that holds one secret accepts it."""

    secret: str
    headers: dict[str, str]
    body: bytes
    good: bool


def message(*signers: str, verifier: str, body: bytes, good: bool, age_s: int = 0) -> Message:
    at = int(time.time()) - age_s
    headers = {
        "webhook-id": "msg_2b_-A9",
        "webhook-timestamp": str(at),
        "webhook-signature": sign(signers, "msg_2b_-A9", at, body),
    }
    return Message(verifier, headers, body, good)


def messages() -> list[Message]:
    all_of_them: list[Message] = []
    for body in BODIES:
        all_of_them += [
            message(OLD, verifier=OLD, body=body, good=True),
            message(NEW, OLD, verifier=OLD, body=body, good=True),
            message(NEW, OLD, verifier=NEW, body=body, good=True),
            message(OLD, NEW, verifier=NEW, body=body, good=True),
            message(PRIVATE, NEW, verifier=NEW, body=body, good=True),
            message(NEW, verifier=NEW, body=body, good=True),
            message(NEW, verifier=OLD, body=body, good=False),
            message(OLD, NEW, verifier=FOREIGN, body=body, good=False),
            message(NEW, verifier=NEW, body=body, good=False, age_s=400),
        ]
    return all_of_them


def by_standardwebhooks(given: list[Message]) -> list[bool]:
    def verify(one: Message) -> None:
        standardwebhooks.Webhook(one.secret).verify(one.body, one.headers)

    return [_accepts(verify, one) for one in given]


def by_svix(given: list[Message]) -> list[bool]:
    def verify(one: Message) -> None:
        svix.webhooks.Webhook(one.secret).verify(one.body, one.headers)

    return [_accepts(verify, one) for one in given]


def _accepts(verify: Callable[[Message], None], one: Message) -> bool:
    try:
        verify(one)
    except standardwebhooks.WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("verify", [by_standardwebhooks, by_svix])
def test_the_python_libraries_agree(verify: Callable[[list[Message]], list[bool]]) -> None:
    given = messages()
    assert verify(given) == [one.good for one in given]


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JavaScript libraries, installed for this run."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _cannot("node and npm are not installed")
    folder = tmp_path_factory.mktemp("npm")
    install = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
    ]
    run = subprocess.run(
        [*install, "standardwebhooks", "svix"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if run.returncode:
        _cannot(f"npm could not install them: {run.stderr.strip().splitlines()[-1:]}")
    return folder / "node_modules"


def _cannot(reason: str) -> NoReturn:
    """Say what did not run."""
    absent(f"the JavaScript libraries did not verify our signatures: {reason}")


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
def test_the_javascript_libraries_agree(node_modules: Path, library: str) -> None:
    given = messages()
    lines = [
        json.dumps(
            {
                "secret": one.secret,
                "headers": one.headers,
                "body": base64.b64encode(one.body).decode(),
            }
        )
        for one in given
    ]
    run = subprocess.run(
        ["node", Path(__file__).with_name("verify.js"), node_modules / library],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.split() == ["accepted" if one.good else "refused" for one in given]
