"""docker-compose.yml says what Compose understands, and what we promise of it."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from durian.console.settings import Settings, variable
from tests.support.compose import image_entrypoint, load, start_order
from tests.support.house import ROOT, SOURCE_ROOTS, pyproject

SERVICES = load()["services"]

#: Services that do their work and end.
ONE_SHOT = {"registry", "topology", "listener"}

LASTING = sorted(set(SERVICES) - ONE_SHOT)


def test_it_satisfies_the_compose_specification() -> None:
    """Checked before variables are filled in and after."""
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    assert _faults(raw) == []
    assert _faults(load()) == []


def test_no_name_stands_there_twice() -> None:
    """Compose refuses it, and PyYAML takes the last one in silence."""
    assert _doubled((ROOT / "docker-compose.yml").read_text(encoding="utf-8")) == []
    assert _doubled("a: {b: 1}\nc:\n  b: 1\n  b: 2\n") == ["b"]


def test_what_is_only_looked_at_is_a_profile() -> None:
    """Nothing else waits for it: it can be left out."""
    profiles = {name: one["profiles"] for name, one in SERVICES.items() if "profiles" in one}
    assert profiles == {name: ["observability"] for name in ("web", "prometheus", "grafana")}
    needed = {
        other
        for name, service in SERVICES.items()
        if name not in profiles
        for other in service.get("depends_on", ())
    }
    assert needed.isdisjoint(profiles)


def test_the_schema_finds_a_mistake() -> None:
    broken = load()
    broken["services"]["router"]["health_check"] = {}

    assert _faults(broken)


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_restarts_and_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_dependency_is_awaited_and_not_only_started(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        ends = other in ONE_SHOT
        wanted = "service_completed_successfully" if ends else "service_healthy"
        assert condition == {"condition": wanted}, other


def test_there_is_an_order_to_start_in() -> None:
    assert sorted(start_order(SERVICES)) == sorted(SERVICES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def test_volumes_are_named_or_lie_in_the_project() -> None:
    sources = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
    }
    named = {source for source in sources if not source.startswith(".")}

    assert named == set(load()["volumes"])
    assert all((ROOT / source).is_file() for source in sources - named)


@pytest.mark.parametrize(
    "variable", ["RABBITMQ_PASSWORD", "POSTGRES_PASSWORD", "LISTEN_SECRET", "GRAFANA_PASSWORD"]
)
def test_a_secret_can_be_overridden_everywhere(variable: str) -> None:
    """No place keeps the default when the environment brings another."""
    before, after = (json.dumps(load({variable: value})) for value in ("before", "after"))

    assert "before" in before
    assert before.replace("before", "after") == after


def test_settings_are_settings() -> None:
    """A misspelt DURIAN_* variable would be ignored in silence."""
    known = {variable(name) for name in Settings.model_fields} | {"DURIAN_LISTEN_SECRET"}
    used = {
        key
        for service in SERVICES.values()
        for key in service.get("environment", {})
        if key.startswith("DURIAN_")
    }

    assert used
    assert used - known == set()


def test_the_image_copies_what_it_builds_from() -> None:
    """What .dockerignore lets through is what the wheel is made of."""
    let_through = set(
        re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    )
    sources = {root.name for root in SOURCE_ROOTS}
    project = pyproject()["project"]

    assert let_through == sources | {
        "pyproject.toml", "requirements.lock", project["readme"], *project["license-files"]
    }  # fmt: skip
    assert image_entrypoint() == ["durian"]


def _doubled(text: str) -> list[str]:
    """Keys that a mapping has twice."""
    nodes = [yaml.compose(text)]
    found: list[str] = []
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if key.value != "<<"]
            found += sorted({key for key in keys if keys.count(key) > 1})
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
    return found


def _faults(config: dict[str, Any]) -> list[str]:
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text(encoding="utf-8"))
    found = validator_for(schema)(schema).iter_errors(config)
    return [f"{list(error.absolute_path)}: {error.message}" for error in found]
