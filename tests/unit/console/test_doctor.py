"""The doctor says of everything whether it works, and what to do when it does not."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.broker.blocking import count, declare_all
from durian.broker.clock import FakeClock
from durian.broker.memory import MemoryBroker
from durian.broker.parts import Queue
from durian.broker.topology import Topology
from durian.console.at_work import is_consumed
from durian.console.doctor import broker, machine, queues
from durian.console.doctor.finding import Finding, guarded, ok
from durian.console.doctor.run import Ill, findings, run
from durian.console.settings import Settings, load, variable
from durian.errors import QueueMissing, RegistryUnavailable
from durian.registry.store import Store
from tests.support.registry import listener, put_registry

NAMES = Topology()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.chdir(tmp_path)
    put_registry(tmp_path)
    # Whoever tests may have a `durian up` of their own.
    return load(secret_key_file=tmp_path / "key", api_port=1)


def test_a_machine_without_a_broker_is_well_but_warned(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run(settings, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    levels = {line["about"]: line["level"] for line in lines}
    assert levels["broker"] == "warn"
    assert levels["registry"] == "ok"
    assert "fail" not in levels.values()
    assert all(line["advice"] for line in lines if line["level"] != "ok")


def test_a_registry_that_cannot_be_reached_fails_with_its_advice(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "durian.db").write_text("This is no database.")
    with pytest.raises(Ill, match=r"1 of the checks failed"):
        run(settings, as_json=False)
    assert "fail registry" in capsys.readouterr().out


def test_a_registry_that_nobody_has_made_yet_is_warned_of(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "durian.db").unlink()
    found = next(one for one in findings(settings) if one.about == "registry")
    assert found.level == "warn"
    assert "durian registry upgrade" in found.advice


def test_a_clock_that_is_off_is_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "clock", lambda _store: 0.0)
    clock = next(one for one in findings(settings) if one.about == "clock")
    assert clock.level == "warn"
    assert "NTP" in clock.advice


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("3.9.29", "fail"),
        ("", "fail"),
        ("3.10.8", "warn"),
        ("4.2.0-rc.1", "warn"),
        ("4.3.0", "ok"),
        ("5.0", "ok"),
    ],
)
def test_the_version_of_the_broker_is_judged(text: str, level: str) -> None:
    finding = broker.version(text)
    assert finding.level == level
    assert text in finding.found


@pytest.mark.parametrize(("waiting", "level"), [(0, "ok"), (10_000, "ok"), (10_001, "warn")])
def test_records_that_nobody_writes_are_warned_of(waiting: int, level: str) -> None:
    finding = broker.records(waiting)
    assert finding.level == level
    assert str(waiting) in finding.found


@pytest.fixture
def memory() -> MemoryBroker:
    memory = MemoryBroker(FakeClock())
    memory.start()
    declare_all(memory, [*NAMES.house(), *NAMES.listener("ann")])
    return memory


def spoil(memory: MemoryBroker, name: str) -> None:
    """Declare a queue by hand, with other arguments than Durian gives it."""
    declare_all(memory, [Queue(name, {"x-queue-type": "classic"})])


def test_a_listeners_queue_that_is_wrong_or_missing_is_named(memory: MemoryBroker) -> None:
    spoil(memory, NAMES.listener_queue("bad"))
    everyone = [listener(name) for name in ("ann", "bad", "eve")]
    found = {one.about: one for one in queues.checked(memory, NAMES, everyone)}
    assert {about: one.level for about, one in found.items()} == {
        "queue of bad": "fail",
        "queues": "warn",
    }
    assert "Delete it" in found["queue of bad"].advice
    assert found["queues"].found == "listeners without one: 1, such as eve"
    with pytest.raises(QueueMissing):
        count(memory, NAMES.listener_queue("eve"))


def test_a_process_that_nobody_runs_is_named_with_the_command(memory: MemoryBroker) -> None:
    idle = {one.about: one for one in broker.declared(memory, NAMES)}
    assert (idle["router"].level, idle["record"].level) == ("warn", "warn")
    assert idle["router"].found == "No router is at work: events wait, and reach no listener."
    assert "Start `durian router`" in idle["router"].advice
    for queue in (NAMES.route, NAMES.attempts):
        memory.consume(queue, lambda _received: None, prefetch=1)
    memory.run()
    busy = {one.about: one.level for one in broker.declared(memory, NAMES)}
    assert (busy["router"], busy["record"]) == ("ok", "ok")


def test_a_broker_that_takes_nothing_that_is_published_fails(memory: MemoryBroker) -> None:
    assert broker.publishing(memory, NAMES).level == "ok"
    with memory.alarm():
        found = broker.publishing(memory, NAMES, patience_s=0.01)
    assert (found.level, found.about) == ("fail", "publishing")
    assert "low on memory or disk" in found.found
    assert "rabbitmq-diagnostics alarms" in found.advice


def test_nobody_delivers_when_no_queue_is_consumed_that_would_be(memory: MemoryBroker) -> None:
    eve = listener("eve")
    declare_all(memory, [*NAMES.listener("bob"), *NAMES.listener("zoe"), *NAMES.listener("sue")])
    resting = [listener("bob", enabled=False), listener("zoe", paused=True), listener("sue")]
    everyone = [listener("ann"), eve, *resting]
    names = [one.id for one in everyone if is_consumed(one, failing={"sue"})]
    assert names == ["ann", "eve"]
    idle = queues.delivering(memory, NAMES, names)
    assert (idle.level, "durian deliver" in idle.advice) == ("warn", True)
    memory.consume(NAMES.listener_queue("ann"), lambda _received: None, prefetch=1)
    memory.run()
    assert queues.delivering(memory, NAMES, names).found.endswith("are consumed: 1 of 2")
    assert queues.delivering(memory, NAMES, []).level == "ok"


def test_a_queue_of_delays_or_dead_letters_that_is_another_one_is_named(
    memory: MemoryBroker,
) -> None:
    declare_all(memory, [*NAMES.delay_bucket(100), *NAMES.dead_letters("bob")])
    ann, bob = listener("ann"), listener("bob", enabled=False)
    [fine] = queues.checked(memory, NAMES, [ann, bob])
    assert fine.level == "ok"
    spoil(memory, NAMES.delay(400))
    spoil(memory, NAMES.dead_queue("ann"))
    found = {one.about: one.level for one in queues.checked(memory, NAMES, [ann, bob])}
    assert found == {
        "queue durian.delay.400": "fail",
        "queue durian.dead.ann": "fail",
    }


def test_dead_letters_are_counted_and_whose_are_most_is_named() -> None:
    assert broker.dead_letters({}).level == "ok"
    assert broker.dead_letters({"ann": 1}).found.startswith("1 dead letter waits")
    many = broker.dead_letters({"ann": 2, "bob": 7})
    assert (many.level, "9 dead letters wait" in many.found) == ("warn", True)
    assert "durian dead show bob" in many.advice


@pytest.mark.parametrize(("waiting", "level"), [(0, "ok"), (1, "warn"), (7, "warn")])
def test_messages_that_left_the_way_are_warned_of(waiting: int, level: str) -> None:
    finding = broker.aside("orphans", waiting)
    assert finding.level == level
    assert ("durian orphans list" in finding.advice) is bool(waiting)


def test_an_error_ends_a_check_as_its_last_finding() -> None:
    def check() -> Iterator[Finding]:
        yield ok("thing", "begins well")
        raise RegistryUnavailable

    levels = [finding.level for finding in guarded("thing", check)]
    assert levels == ["ok", "fail"]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> object:
        return None if name == "pika" else importlib.util.find_spec(name)

    monkeypatch.setattr(machine, "find_spec", find_spec)
    found = {finding.about: finding for finding in machine.extras()}
    assert found["extra router"].level == "warn"
    assert 'pip install "durian[router]"' in found["extra router"].advice
    assert found["extra console"].level == "ok"


@pytest.mark.parametrize("installed", [True, False])
def test_the_sender_is_named_and_what_the_other_would_bring(
    monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _name: installed or None)
    (plain,) = machine.sender(load(sender="requests"))
    assert plain.level == "ok"
    assert "requests makes the attempts; with DURIAN_SENDER=curl" in plain.found
    assert ('pip install "durian[curl]"' in plain.found) is not installed
    (curl,) = machine.sender(load(sender="curl"))
    assert curl.level == ("ok" if installed else "fail")
    assert ('pip install "durian[curl]"' in curl.advice) is not installed


def test_every_finding_says_what_it_is_about(settings: Settings) -> None:
    assert all(finding.about and finding.found for finding in findings(settings))
