from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from durian.errors import InvalidSettings, RegistryError
from durian.registry.vault import Vault, default_key_file, new_key

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_in_its_place_only() -> None:
    vault = Vault([OLD])
    sealed = vault.seal("whsec_x", "secrets:joe")

    assert "whsec_x" not in sealed
    assert vault.open(sealed, "secrets:joe") == "whsec_x"
    with pytest.raises(RegistryError, match="secrets:ann"):
        vault.open(sealed, "secrets:ann")


def test_no_two_seals_are_alike() -> None:
    vault = Vault([OLD])
    assert vault.seal("x", "a") != vault.seal("x", "a")


def test_an_altered_text_does_not_open() -> None:
    vault = Vault([OLD])
    form, key_id, blob = vault.seal("whsec_x", "a").split(".")
    raw = bytearray(base64.b64decode(blob))
    for place in (0, len(raw) // 2, len(raw) - 1):
        altered = raw.copy()
        altered[place] ^= 1
        text = f"{form}.{key_id}.{base64.b64encode(altered).decode()}"
        with pytest.raises(RegistryError, match="altered"):
            vault.open(text, "a")


@pytest.mark.parametrize(
    "text", ["", "v1", "v2.00000000.AAAA", "v1..", "plain", "v1.00000000.AAAA"]
)
def test_what_no_key_opens_names_the_setting(text: str) -> None:
    with pytest.raises(RegistryError, match="DURIAN_SECRET_KEYS"):
        Vault([OLD]).open(text, "a")


@pytest.mark.parametrize("blob", ["", "AAAA", "!"])
def test_a_mangled_ciphertext_is_told(blob: str) -> None:
    vault = Vault([OLD])
    head = vault.seal("x", "a").rpartition(".")[0]
    with pytest.raises(RegistryError, match="altered"):
        vault.open(f"{head}.{blob}", "a")


def test_the_first_key_seals_and_all_open() -> None:
    before = Vault([OLD]).seal("x", "a")
    ring = Vault([NEW, OLD])
    after = ring.seal("x", "a")

    assert ring.open(before, "a") == ring.open(after, "a") == "x"
    assert not ring.is_current(before)
    assert ring.is_current(after)
    assert Vault([NEW]).open(after, "a") == "x"
    with pytest.raises(RegistryError):
        Vault([NEW]).open(before, "a")


def test_keys_are_read_from_the_setting() -> None:
    first, second = new_key(), base64.urlsafe_b64encode(b"\xff" * 32).decode()
    ring = Vault.from_text(f" {first}, {second},")

    assert ring.open(Vault([b"\xff" * 32]).seal("x", "a"), "a") == "x"
    assert Vault.from_text(first).open(ring.seal("x", "a"), "a") == "x"


@pytest.mark.parametrize("text", ["secret", "c2hvcnQ=", f"{new_key()},AAAA", ",", "\u00e4"])
def test_a_bad_key_names_the_setting_and_stays_hidden(text: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Vault.from_text(text)

    assert caught.value.field == "DURIAN_SECRET_KEYS"
    assert text == "," or text not in str(caught.value)
    assert "openssl rand -base64 32" in str(caught.value)


def test_a_vault_needs_whole_keys() -> None:
    for keys in ([], [b"short"]):
        with pytest.raises(InvalidSettings):
            Vault(keys)


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "config" / "secret.key"
    sealed = Vault.from_file(path).seal("x", "a")

    assert Vault.from_file(path).open(sealed, "a") == "x"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_setting_beats_the_key_file(tmp_path: Path) -> None:
    path, key = tmp_path / "secret.key", new_key()
    Vault.load(key, path)
    assert not path.exists()

    sealed = Vault.load("", path).seal("x", "a")
    assert Vault.from_file(path).open(sealed, "a") == "x"


def test_a_key_file_may_hold_several_keys(tmp_path: Path) -> None:
    path, old = tmp_path / "secret.key", new_key()
    path.write_text(f"{new_key()}\n{old}\n")

    assert Vault.from_file(path).open(Vault.from_text(old).seal("x", "a"), "a") == "x"


@pytest.mark.parametrize("content", [b"", b"\n", b"secret", b"\xff\xfe"])
def test_a_bad_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)

    with pytest.raises(InvalidSettings, match="DURIAN_SECRET_KEY_FILE"):
        Vault.from_file(path)
    assert path.read_bytes() == content


def test_a_key_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSettings, match="DURIAN_SECRET_KEY_FILE"):
        Vault.from_file(tmp_path / "file" / "secret.key")


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from durian.registry.vault import Vault\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(Vault.from_file(Path(sys.argv[1])).seal('x', 'a'))"
    )
    path = tmp_path / "secret.key"
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", program, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for job in jobs:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
    sealed = [job.communicate("\n", timeout=60)[0].strip() for job in jobs]

    assert [Vault.from_file(path).open(text, "a") for text in sealed] == ["x"] * 3


def test_a_process_that_comes_second_takes_the_first_ones_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.key"
    first = Vault.from_file(path)
    with monkeypatch.context() as before:
        before.setattr(Path, "exists", lambda _: False)
        second = Vault.from_file(path)

    assert second.open(first.seal("x", "a"), "a") == "x"
    assert list(tmp_path.iterdir()) == [path]


def test_the_default_key_file_lies_in_the_users_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_key_file() == tmp_path / "durian" / "secret.key"

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/home/joe")
    assert default_key_file() == Path("/home/joe/.config/durian/secret.key")
