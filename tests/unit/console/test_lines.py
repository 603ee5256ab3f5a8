"""Files of events: each line becomes one, errors name the line, and a run can be resumed."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from durian.client import Client
from durian.console import entry, exits
from durian.console.lines.event import event_of
from durian.console.lines.reading import Lines
from durian.console.lines.run import Run
from durian.errors import BrokerUnavailable, InvalidEvent, InvalidInput
from durian.events import Event
from durian.events.ids import made_at
from tests.support.commands import CommandLine

RUN = Run("018f3b2c-0000-7000-8000-000000000000")


class House:
    """Takes batches as a running `durian up` does, or fails."""

    def __init__(self) -> None:
        self.batches: list[list[Event]] = []
        self.fails_at: int | None = None

    def publish(self, events: Sequence[Event]) -> None:
        if len(self.batches) == self.fails_at:
            self.fails_at = None
            raise BrokerUnavailable
        self.batches.append(list(events))

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House()
    monkeypatch.setattr(Client, "publish", house.publish)
    return house


def write(path: Path, *lines: object) -> str:
    path.write_text(
        "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    )
    return path.name


def lines_of(text: str, **given: Any) -> Lines:
    fields: dict[str, Any] = {"event_type": "person", "event_source": "/cli"}
    return Lines(io.BytesIO(text.encode()), "people", RUN, **fields | given)


def test_a_line_is_the_data_of_an_event_when_there_is_a_type() -> None:
    event = event_of(b'{"n": 1.50}', "person", event_id="1", source="/cli")
    assert (event.type, event.id, event.source, event.body) == (
        "person",
        "1",
        "/cli",
        b'{"n": 1.50}',
    )


def test_a_line_is_a_whole_event_otherwise_and_what_it_lacks_is_completed() -> None:
    line = b'  {"type": "person", "subject": "joe", "data": {"n":  1.50}}'
    event = event_of(line, None, event_id="1", source="/cli")
    assert (event.type, event.id, event.source, event.subject) == ("person", "1", "/cli", "joe")
    assert event.body == b'{"n":  1.50}'
    own = b'{"specversion":"1.0","id":"7","source":"/shop","type":"person"}'
    event = event_of(own, None, event_id="1", source="/cli")
    assert (event.id, event.source, event.data) == ("7", "/shop", None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "line: is not valid JSON"),
        (b"[1]", "line: is not a JSON object"),
        (b"{}", "type: is missing"),
        (b'{"type": "a b"}', "type: 'a b' has white space"),
    ],
)
def test_a_line_that_is_no_event_says_why(line: bytes, words: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        event_of(line, None, event_id="1", source="/cli")
    assert words in str(caught.value).replace('"', "'")


def test_a_line_has_the_same_id_whenever_its_run_is_resumed() -> None:
    ids = [RUN.id_of(line) for line in range(1, 1000)]
    assert len(set(ids)) == len(ids)
    assert RUN.at(500).id_of(7) == ids[6]
    assert {uuid.UUID(each).version for each in ids} == {7}
    assert {made_at(each) for each in ids} == {made_at(RUN.name)}
    assert Run.read(str(RUN.at(17))) == RUN.at(17)


@pytest.mark.parametrize("text", ["", "17", "nonsense:17", f"{RUN.name}:0", f"{RUN.name}:x"])
def test_what_is_no_run_cannot_be_resumed(text: str) -> None:
    with pytest.raises(InvalidInput, match="RUN:LINE"):
        Run.read(text)


def test_empty_lines_count_and_are_passed_over() -> None:
    events = list(lines_of('1\n\n  \n{"a": 2}'))
    assert [event.data for event in events] == [1, {"a": 2}]
    assert [event.id for event in events] == [RUN.id_of(1), RUN.id_of(4)]


def test_an_error_names_file_line_and_field() -> None:
    lines = lines_of("1\n2\n{\n4\n")
    assert [next(lines).data, next(lines).data] == [1, 2]
    with pytest.raises(InvalidEvent, match=r"people line 3, data: is not valid JSON"):
        next(lines)
    assert lines.rest(()) == RUN.at(3)


def test_it_goes_on_with_the_first_that_was_not_confirmed() -> None:
    lines = lines_of("1\n2\n3\n4\n")
    events = [next(lines) for _ in range(4)]
    assert lines.rest(events[1:3]) == RUN.at(2)
    assert lines.rest_in_doubt() == RUN.at(1)


def test_progress_is_told_up_to_the_end() -> None:
    told: list[int] = []
    list(lines_of("1\n" * 120, progress=told.append))
    assert told == [50, 100, 120]


def test_a_file_is_emitted_in_batches(run: CommandLine, house: House, tmp_path: Path) -> None:
    name = write(tmp_path / "people.jsonl", *({"n": number} for number in range(250)))
    assert run("emit", "person", "--lines", name) == "250 events emitted\n"
    assert [len(batch) for batch in house.batches] == [100, 100, 50]
    assert [event.data["n"] for event in house.events] == list(range(250))


def test_large_events_make_small_batches(run: CommandLine, house: House, tmp_path: Path) -> None:
    name = write(tmp_path / "large.jsonl", *(["x" * 700_000] for _ in range(4)))
    assert run.json("emit", "note", "--lines", name) == [{"emitted": 4}]
    assert [len(batch) for batch in house.batches] == [2, 2]


def test_at_a_rate_no_event_waits_for_a_batch(
    run: CommandLine, house: House, tmp_path: Path
) -> None:
    name = write(tmp_path / "people.jsonl", 1, 2, 3)
    run("emit", "person", "--lines", name, "--rate", "10000")
    assert [len(batch) for batch in house.batches] == [1, 1, 1]


def test_stdin_is_read_line_by_line(
    run: CommandLine, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1\n2\n")))
    assert run("emit", "person", "--lines", "-") == "2 events emitted\n"
    assert [len(batch) for batch in house.batches] == [1, 1]


def test_a_run_that_was_interrupted_goes_on_with_the_same_ids(
    run: CommandLine, house: House, tmp_path: Path
) -> None:
    name = write(tmp_path / "people.jsonl", *range(250))
    house.fails_at = 1
    told = run("emit", "person", "--lines", name, code=exits.UNAVAILABLE)
    token = told.partition("--resume ")[2].split()[0]
    assert token.endswith(":101")
    assert run("emit", "person", "--lines", name, "--resume", token) == "150 events emitted\n"
    first = Run.read(token)
    assert [event.id for event in house.events] == [first.id_of(n) for n in range(1, 251)]


def test_what_comes_before_a_bad_line_is_emitted_and_the_line_is_named(
    run: CommandLine, house: House, tmp_path: Path
) -> None:
    name = write(tmp_path / "people.jsonl", 1, 2, "{", 4)
    told = run("emit", "person", "--lines", name, code=exits.USAGE)
    assert "people.jsonl line 3, data: is not valid JSON" in told
    assert "To go on with line 3" in told
    assert [event.data for event in house.events] == [1, 2]


@pytest.mark.usefixtures("run")
def test_a_type_of_durians_own_is_warned_of_once(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    types = ("order", "durian.listener.failing", "durian.listener.failing", "durian.x")
    name = write(tmp_path / "events.jsonl", *({"type": each} for each in types))
    for arguments, warned in (
        (("--lines", name), "durian.listener.failing"),
        (("durian", "--lines", name), "durian"),
    ):
        assert entry.run(["emit", *arguments]) == exits.OK
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"warning: {warned}: events whose first word is")
    assert entry.run(["emit", "durians", "--lines", name]) == exits.OK
    assert capsys.readouterr().err == ""
    assert len(house.events) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("person", "{}", "--lines", "x"), "JSON: cannot be combined with --lines"),
        (("person", "--lines", "x", "--subject", "joe"), "--subject: cannot be combined"),
        (("person", "--lines", "x", "--id", "1"), "--id: cannot be combined"),
        (("person", "{}", "--rate", "5"), "--rate: cannot be combined with one event"),
        (("person", "{}", "--resume", "x"), "--resume: cannot be combined"),
        (("person", "--lines", "absent"), "--lines: absent cannot be read"),
        (("person", "--lines", "absent", "--resume", "x"), "--resume: 'x' is not RUN:LINE"),
        ((), "TYPE: is missing"),
        (("person",), "JSON: is missing"),
    ],
)
def test_what_does_not_go_together_is_refused(
    run: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run("emit", *arguments, code=exits.USAGE)
