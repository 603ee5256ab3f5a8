"""Settings come from options, the environment and a file, and errors name which."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from durian.console.flags import FLAGS
from durian.console.settings import Settings, default_of, description_of, load, variable
from durian.errors import InvalidSettings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty working directory and an environment without Durian in it."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.delenv("DURIAN_CONFIG", raising=False)


def test_everything_has_a_default_that_serves() -> None:
    settings = load()
    assert settings.broker_url == ""
    assert settings.registry_url == "sqlite:///durian.db"
    assert settings.allowed_networks == ()


def test_an_option_beats_the_environment_which_beats_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "durian.toml").write_text('prefix = "file"\nthreads = 1\nprefetch = 7\n')
    monkeypatch.setenv("DURIAN_PREFIX", "environment")
    monkeypatch.setenv("DURIAN_THREADS", "2")
    settings = load(prefix="option", threads=None)
    assert (settings.prefix, settings.threads, settings.prefetch) == ("option", 2, 7)


def test_durian_config_names_another_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('allowed_networks = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("DURIAN_CONFIG", str(tmp_path / "other.toml"))
    assert load().allowed_networks == (ip_network("10.0.0.0/8"),)


def test_networks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_ALLOWED_NETWORKS", "127.0.0.0/8, ::1/128")
    assert load().allowed_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("broker_url", "http://localhost", "amqp://user:password@host"),
        ("broker_url", "amqp://", "amqp://user:password@host"),
        ("broker_url", "amqp://host:port/", "is no URL"),
        ("registry_url", "mysql://localhost/durian", "sqlite:///durian.db"),
        ("registry_url", "durian.db", "sqlite:///durian.db"),
        ("allowed_networks", "127.0.0.1/8", "did you mean 127.0.0.0/8?"),
        ("allowed_networks", "localhost", "127.0.0.0/8"),
        ("proxy_url", "https://proxy.internal:3128", "http://user:password@host:3128"),
        ("proxy_url", "proxy.internal:3128", "http://user:password@host:3128"),
        ("proxy_url", "http://proxy.internal:99999", "http://user:password@host:3128"),
        ("proxy_url", "http://proxy.internal/path", "http://user:password@host:3128"),
        ("prefix", "no spaces", "must look like"),
        ("queue_type", "stream", "'quorum' or 'classic'"),
        ("threads", "0", "at least 1"),
        ("threads", "many", "whole number"),
        ("api_port", "65536", "at most 65535"),
        ("log_level", "loud", "'debug'"),
        ("owner_attribute", "ce-tenant", "such as tenant"),
        ("owner_attribute", "subject", "such as tenant"),
    ],
)
def test_a_bad_setting_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable(name), value)
    with pytest.raises(InvalidSettings) as caught:
        load()
    assert caught.value.field == variable(name)
    assert reason in caught.value.reason


@pytest.mark.parametrize("url", ["http://me:pa/s3cret@proxy:1", "http://me:pa@s3cret@proxy:1"])
def test_a_bad_proxy_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DURIAN_PROXY_URL", url)
    with pytest.raises(InvalidSettings) as caught:
        load()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in str(caught.value.__cause__)


def test_a_bad_option_is_named_by_its_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_THREADS", "3")
    with pytest.raises(InvalidSettings) as caught:
        load(threads=0)
    assert caught.value.field == "--threads"


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("threads = 0", "threads in durian.toml", "at least 1"),
        ("treads = 1", "treads in durian.toml", "no such setting; did you mean threads?"),
        ("DURIAN_THREADS = 3", "DURIAN_THREADS in durian.toml", "did you mean threads?"),
        ("x = 1", "x in durian.toml", "no such setting; `durian settings` lists them"),
        (
            "treads = 1\nprefetch = 0",
            "prefetch in durian.toml",
            "; treads in durian.toml: there is",
        ),
        ("threads =", "durian.toml", "is not TOML"),
        ("allowed_networks = 5", "allowed_networks in durian.toml", "separated by commas"),
    ],
)
def test_a_bad_file_is_named_with_its_key(
    tmp_path: Path, text: str, field: str, reason: str
) -> None:
    (tmp_path / "durian.toml").write_text(text)
    with pytest.raises(InvalidSettings) as caught:
        load()
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_a_settings_file_that_was_named_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURIAN_CONFIG", "nowhere.toml")
    with pytest.raises(InvalidSettings, match=r"DURIAN_CONFIG: there is no file nowhere\.toml"):
        load()


def test_every_setting_says_what_it_is_for() -> None:
    for name in Settings.model_fields:
        assert description_of(name).endswith("."), name
        assert default_of(name), name
    assert set(FLAGS) <= set(Settings.model_fields)


def test_keys_do_not_show_in_the_settings_text() -> None:
    assert "k3y" not in repr(load(secret_keys="k3y"))
