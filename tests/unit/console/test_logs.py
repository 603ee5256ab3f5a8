"""Log lines are one fact each, and hold no secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from durian.console import logs
from durian.console.settings import load

#: What an error may say; a traceback shows lines of source as well, and this is none of them.
TOLD = "amqp://user:hunter2@host/ and durian_k3f9qaxy_" + "hunter2" * 5


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    yield
    for name in logs._QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_fact_of_the_core_is_taken_apart_into_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    logging.getLogger("durian.x").warning("thing.failed version=%d error=%s", 3, KeyError("k"))
    (line,) = lines(capsys)
    assert line["event"] == "thing.failed"
    assert line["version"] == 3
    assert line["error"] == "'k'"
    assert line["level"] == "warning"


def test_a_foreign_line_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    logging.getLogger("other").warning("took %d of %d", 1, 2)
    assert lines(capsys)[0]["event"] == "took 1 of 2"


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("secret", "whsec_abc", "[redacted]"),
        ("api_key", "k", "[redacted]"),
        ("url", "amqp://user:pa55@host/", "amqp://user:***@host/"),
        ("url", "amqp://user:p@55@a;amqp://b:p@c", "amqp://user:***@a;amqp://b:***@c"),
        ("url", "amqp://user@shop:pa55@host/", "amqp://user@shop:***@host/"),
        ("url", "postgresql://db/x?password=pa55&a=b", "postgresql://db/x?password=***&a=b"),
        ("text", "http://127.0.0.1:8700/ of joe@x.org", "http://127.0.0.1:8700/ of joe@x.org"),
        ("text", "got whsec_YWJj+/= there", "got whsec_*** there"),
        ("listener", "where-joe", "where-joe"),
        ("count", 3, 3),
    ],
)
def test_secrets_are_taken_out(
    capsys: pytest.CaptureFixture[str], key: str, value: object, written: object
) -> None:
    logs.configure(load(log_format="json"))
    structlog.get_logger().info("thing.done", **{key: value})
    assert lines(capsys)[0][key] == written


@pytest.mark.parametrize("form", ["console", "json"])
def test_secrets_are_taken_out_of_tracebacks_and_of_what_is_nested(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    logs.configure(load(log_format=form))
    headers = {"Authorization": "Bearer hunter2", "x": ["amqp://user:hunter2@host/"]}
    structlog.get_logger().info("thing.asked", headers=headers, parts=("whsec_aHVudGVyMg==",))
    for logger in (logging.getLogger("durian.x"), structlog.get_logger()):
        try:
            int(TOLD)
        except ValueError:
            logger.exception("thing.failed")
    printed = capsys.readouterr().err
    assert printed.count("amqp://user:***@host/") == 3
    assert "durian_k3f9qaxy_***" in printed
    assert "hunter2" not in printed
    assert "aHVudGVyMg" not in printed


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json", log_level="warning"))
    structlog.get_logger().info("thing.done")
    logging.getLogger("durian.x").info("thing.done")
    assert lines(capsys) == []


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    logs.configure(load(log_format=form))
    try:
        refuse("hunter2")
    except ValueError:
        logging.getLogger("durian.x").exception("thing.failed")
    printed = capsys.readouterr().err
    assert "ValueError: 7" in printed
    assert "in refuse" in printed
    assert "password = " not in printed


def refuse(password: str) -> None:
    raise ValueError(len(password))


def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="console"))
    structlog.get_logger().info("thing.done", count=3)
    printed = capsys.readouterr().err
    assert "thing.done" in printed
    assert "count=3" in printed
