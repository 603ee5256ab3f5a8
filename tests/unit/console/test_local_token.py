"""The token of this machine: made once, for the user alone, and shown to this machine alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from durian.client.loopback import is_local
from durian.console.local_token import local_token, token_file, token_for
from durian.errors import InvalidSettings
from durian.registry.token import id_in


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_it_is_made_once_and_readable_by_nobody_else() -> None:
    text = local_token("127.0.0.1")
    assert text is not None
    assert id_in(text)
    assert local_token("::1") == text
    assert token_file().stat().st_mode & 0o777 == 0o600
    assert token_file().parent.stat().st_mode & 0o777 == 0o700


def test_a_process_that_others_reach_has_none() -> None:
    assert local_token("0.0.0.0") is None
    assert not token_file().exists()


def test_commands_show_it_to_this_machine_alone() -> None:
    assert token_for("127.0.0.1") == ""
    text = local_token("localhost")
    assert token_for("127.0.0.1") == token_for("localhost") == text
    assert token_for("durian.example") == ""
    assert token_for("127.0.0.1", "mine") == "mine"


def test_a_file_that_cannot_be_used_is_named() -> None:
    token_file().mkdir(parents=True)
    with pytest.raises(InvalidSettings, match=r"local\.token"):
        local_token("127.0.0.1")
    assert token_for("127.0.0.1") == ""


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("durian.example", False)],
)  # fmt: skip
def test_this_machine_is_told_from_others(host: str, local: bool) -> None:  # noqa: FBT001  # a case
    assert is_local(host) is local
