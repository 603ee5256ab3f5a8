"""How the suite is dealt out to several processes: `pytest -n 2` and more."""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

#: Who asks for one of these is marked `alone`.
MORTAL = {"mortal_postgres", "mortal_rabbitmq"}

#: What looks drawn by chance, as a new secret does: it is another in every process.
DRAWN = re.compile(r"[A-Za-z0-9+/=_-]{32,}")


class ByFile(LoadGroupScheduling):  # type: ignore[misc]  # xdist ships no types
    """Keeps the tests of a file together, but for those that belong to a group."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return scope.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a parameter that looks drawn by chance by its argument: all processes must agree."""
    found = DRAWN.search(val) if isinstance(val, str) else None
    mixed = found is not None and not found[0].islower() and not found[0].isupper()
    return argname if mixed else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long files begin first, and what has a server for itself run one after the other."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if MORTAL.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.alone)
        if item.get_closest_marker("alone"):
            item.add_marker(pytest.mark.xdist_group("alone"))
