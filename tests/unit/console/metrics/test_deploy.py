"""The dashboard, the alerts and what Prometheus scrapes name metrics and services that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from durian.console.app import build
from durian.console.metrics.catalogue import METRICS, Metric
from tests.support.compose import load
from tests.support.house import ROOT

DEPLOY = ROOT / "deploy"

DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "durian.json").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = yaml.safe_load(
    (DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8")
)["groups"][0]["rules"]

#: What the client for Prometheus tells of a process by itself.
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}

#: Labels that Prometheus adds, and that of a histogram's buckets.
ADDED = {"instance", "job", "le"}

NAME = re.compile(r"\b(?:durian|process)_[a-z_]+\b")
SELECTED = re.compile(r"(durian_[a-z_]+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\) \(.*?(durian_[a-z_]+)")


def names() -> dict[str, Metric]:
    """The metrics by each name under which they are scraped."""
    found: dict[str, Metric] = {}
    for metric in METRICS:
        if metric.kind == "histogram":
            for ending in ("bucket", "sum", "count"):
                found[f"{metric.name}_{ending}"] = metric
        else:
            found[metric.name] = metric
    return found


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in ALERTS)


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_named_is_one_that_is_told(expression: str) -> None:
    named = set(NAME.findall(expression))
    assert named
    assert named - names().keys() - PROCESS == set()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_is_one_that_its_metric_has(expression: str) -> None:
    for name, chosen in SELECTED.findall(expression):
        labels = set(re.findall(r"(\w+)=", chosen))
        assert labels <= {*names()[name].labels, *ADDED}, name
    for labels, name in GROUPED.findall(expression):
        assert set(labels.split(", ")) <= {*names()[name].labels, *ADDED}, name
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {names()[name].name for one in EXPRESSIONS for name in NAME.findall(one)
             if name not in PROCESS}  # fmt: skip
    assert {metric.name for metric in METRICS} - shown == set()


def test_panels_have_an_id_and_a_place_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description"}
    assert rule["alert"] in (ROOT / "docs" / "observability.md").read_text("utf-8")


def test_prometheus_scrapes_services_that_tell_metrics() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    [job] = config["scrape_configs"]
    [places] = job["dns_sd_configs"]
    services = load()["services"]
    for name in places["names"]:
        assert services[name]["environment"]["DURIAN_METRICS_PORT"] == str(places["port"])
    mounted = [volume.split(":")[1] for volume in services["prometheus"]["volumes"]]
    assert set(config["rule_files"]) <= set(mounted)


def test_processes_are_looked_for_by_roles_that_there_are() -> None:
    """A role is the name of the command."""
    roles = {role for rule in ALERTS for role in re.findall(r'role=~"([^"]*)"', rule["expr"])}
    commands: Any = build()
    assert {word for role in roles for word in role.split("|")} <= set(commands.commands)
