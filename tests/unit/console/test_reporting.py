"""What came of going through a queue: told, and an error where something was not done as asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from durian.console.reporting import show_report
from durian.errors import DurianError, NotFound


def report(count: int, kept: dict[str, int], *missing: str) -> dict[str, Any]:
    return {"count": count, "kept": kept, "missing": list(missing)}


def test_what_stays_of_all_is_told_and_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(2, {"joe": 1}), "replayed", None, as_json=False, why="no {} exists".format)
    assert capsys.readouterr().out.splitlines() == ["2 replayed", "1 kept: no joe exists"]


@pytest.mark.parametrize("as_json", [False, True])
def test_an_id_that_is_not_there_is_an_error_after_the_report(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    with pytest.raises(NotFound, match="not there: msg_b"):
        show_report(report(1, {}, "msg_b"), "purged", ["msg_a", "msg_b"], as_json=as_json)
    printed = capsys.readouterr().out.strip()
    if as_json:
        assert json.loads(printed) == {"purged": 1, "kept": {}, "missing": ["msg_b"]}
    else:
        assert printed == "1 purged"


def test_one_that_was_named_and_stays_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DurianError, match="1 of those that were named stay"):
        show_report(report(0, {"is no JSON": 1}), "replayed", ["msg_a"], as_json=False)
    assert "1 kept: is no JSON" in capsys.readouterr().out


def test_what_is_in_the_way_of_what_was_sent_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = report(1, {}) | {"warnings": ["joe is disabled."]}
    show_report(told, "replayed", None, as_json=True)
    printed = capsys.readouterr()
    assert printed.err == "warning: joe is disabled.\n"
    assert json.loads(printed.out)["replayed"] == 1
