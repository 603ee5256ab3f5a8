"""`durian tokens` and `durian audit`."""

from __future__ import annotations

import re
import time

import pytest

from durian.console import exits, logs
from tests.support.commands import CommandLine


def test_a_token_is_shown_once(run: CommandLine) -> None:
    [made] = run.json("tokens", "create", "ci", "--scope", "read", "--scope", "publish")

    assert re.fullmatch(r"durian_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made["token"])
    assert made["token"].split("_")[1] == made["id"]
    assert made["scopes"] == ["publish", "read"]
    [listed] = run.json("tokens", "list")
    assert made == listed | {"token": made["token"]}
    assert made["token"] not in run("tokens", "list")


def test_it_expires_in_ninety_days_unless_told_otherwise(run: CommandLine) -> None:
    def expiry(*options: str) -> float | None:
        [made] = run.json("tokens", "create", "ci", "--scope", "read", *options)
        at: float | None = made["expires_at"]
        return None if at is None else at - time.time()

    assert expiry() == pytest.approx(90 * 86_400, abs=60)
    assert expiry("--expires", "12h") == pytest.approx(12 * 3600, abs=60)
    assert expiry("--expires", "never") is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scope", "write"], "'write' is none of publish, read"),
        (["--scope", "admin", "--owner", "acme"], "cannot have the scope admin"),
        (["--scope", "read", "--expires", "soon"], "--expires: 'soon' is no duration"),
        (["--scope", "read", "--expires", "0d"], "expires_in_s: is not above 0"),
        (["--scope", "read", "--rate", "0"], "rate_per_s"),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    run: CommandLine, options: list[str], words: str
) -> None:
    assert words in run("tokens", "create", "ci", *options, code=exits.USAGE)
    assert run.json("tokens", "list") == []


def test_a_token_is_revoked(run: CommandLine) -> None:
    [made] = run.json("tokens", "create", "ci", "--scope", "read")
    run("tokens", "revoke", made["id"])

    assert run.json("tokens", "list") == []
    assert "No token" in run("tokens", "revoke", made["id"], code=exits.FAILED)


def test_the_audit_log_names_the_user(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    run("listeners", "add", "https://joe.example/", "--event", "person", "--id", "joe")
    run("listeners", "disable", "joe")

    entries = run.json("audit", "list", "--target", "listener joe")
    assert [(one["actor"], one["action"]) for one in entries] == [
        ("user ann", "listener.disable"),
        ("user ann", "listener.create"),
    ]
    assert len(run.json("audit", "list", "--limit", "1")) == 1
    assert "listener.disable" in run("audit", "list")


def test_tokens_are_hidden_in_logs() -> None:
    text = "sent durian_k3f9qaxy_abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE to it"
    assert logs.hide_secrets(text) == "sent durian_k3f9qaxy_*** to it"
