"""What a producer imports stays light: no driver of a part it does not use is loaded with it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Modules that a program which only emits or matches events must not pay for. Of Django the one
#: that every use of it loads: kombu asks for a class of `django.utils` where Django is installed.
HEAVY = {
    "alembic", "celery", "django.conf", "flask", "pika", "psycopg", "pydantic_settings", "re2",
    "requests", "rich", "sqlalchemy", "starlette", "structlog", "typer", "urllib3", "uvicorn",
}  # fmt: skip

LIGHT = (
    "durian.errors",
    "durian.events",
    "durian.match",
    "durian.producers",
    "durian.hook",
    "durian.producers.logging",
    "durian.producers.outbox",
    "durian.receiver",
    "durian.registry",
    "durian.signature",
)


@pytest.mark.parametrize("package", LIGHT)
def test_importing_a_light_package_loads_nothing_heavy(package: str) -> None:
    loaded = _loaded_by(f"import {package}")

    assert package in loaded
    assert loaded & HEAVY == set()


def test_the_check_sees_what_is_loaded() -> None:
    assert "pika" in _loaded_by("import pika")


def _loaded_by(statement: str) -> set[str]:
    """The modules in a fresh process after a statement."""
    program = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(run.stdout))
