"""A port of its own for metrics, and /metrics behind a token."""

from __future__ import annotations

from functools import partial
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs

from durian.console.metrics import Exposition, serving, sources
from durian.console.settings import Settings
from durian.errors import InvalidSettings
from tests.support.rabbitmq import free_ports


def test_a_port_is_opened_only_when_the_settings_name_one() -> None:
    with capture_logs() as logs, serving(Settings(), Exposition().registry):
        pass
    assert logs == []


def test_whoever_reaches_the_port_may_scrape() -> None:
    exposition = Exposition(partial(sources.of_process, "router"))
    with (
        capture_logs() as logs,
        serving(Settings(metrics_port=0), exposition.registry),
        urlopen(logs[0]["url"]) as response,  # noqa: S310  # it is our own
    ):
        text = response.read().decode()
    assert 'durian_process_info{role="router"' in text
    assert "process_resident_memory_bytes" in text


def test_a_port_that_is_taken_is_named() -> None:
    settings = Settings(metrics_port=free_ports(1)[0])
    with (
        serving(settings, Exposition().registry),
        pytest.raises(InvalidSettings) as refused,
        serving(settings, Exposition().registry),
    ):
        pass
    assert "--metrics-port" in refused.value.advice
