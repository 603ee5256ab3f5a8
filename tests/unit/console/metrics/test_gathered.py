"""Metrics of several processes behind one port."""

from __future__ import annotations

from functools import partial

from prometheus_client import generate_latest

from durian.console.metrics import Exposition, sources
from durian.console.metrics.exposition import Reader
from durian.console.metrics.gathered import Gathered


def told(role: str) -> Exposition:
    return Exposition(partial(sources.of_process, role))


def put(gathered: Gathered, process: int) -> None:
    gathered.put(process, list(told("router").registry.collect()))


def test_each_process_has_its_label_and_each_metric_one_head() -> None:
    gathered = Gathered(Reader([partial(sources.of_supervisor, 3)]))
    put(gathered, 0)
    put(gathered, 1)
    text = generate_latest(gathered.registry).decode()
    for process in "01":
        assert f'durian_process_info{{process="{process}",role="router"' in text
        assert f'process_resident_memory_bytes{{process="{process}"}}' in text
    assert text.count("# TYPE durian_process_info gauge") == 1
    assert "durian_process_restarts_total 3.0" in text


def test_the_last_word_of_a_process_counts_and_one_that_ended_is_forgotten() -> None:
    gathered = Gathered()
    put(gathered, 0)
    put(gathered, 1)
    put(gathered, 1)
    gathered.forget(0)
    gathered.forget(7)
    text = generate_latest(gathered.registry).decode()
    assert text.count("\ndurian_process_info{") == 1
    assert 'process="1"' in text
