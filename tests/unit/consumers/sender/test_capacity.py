"""A process on libcurl takes as many attempts as its open files allow, and asks for more."""

from __future__ import annotations

import resource

import pytest

from durian.consumers.sender.curl import capacity


@pytest.mark.parametrize(
    ("files", "attempts"),
    [(64, 16), (256, 16), (1024, 256), (4096, 1280), (1_048_576, 4096), (-1, 4096)],
)
def test_open_files_decide(monkeypatch: pytest.MonkeyPatch, files: int, attempts: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    assert capacity.capacity() == attempts


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, 1_048_576), (12_544, 1_048_576)),
        ((1024, resource.RLIM_INFINITY), (12_544, resource.RLIM_INFINITY)),
        ((65_536, 1_048_576), None),
        ((1024, 1024), None),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
    ],
)
def test_the_limit_is_raised_as_far_as_it_helps(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _which, wanted: asked.append(wanted))
    capacity.raise_limit()
    assert asked == ([raised] if raised else [])
