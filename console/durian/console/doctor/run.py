"""Running all checks and printing what they find."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from durian.console.doctor.broker import rabbitmq
from durian.console.doctor.database import registry
from durian.console.doctor.finding import Finding, guarded
from durian.console.doctor.machine import environment, extras, sender
from durian.console.doctor.queues import queues
from durian.console.doctor.server import server
from durian.console.output import say, say_json, styled
from durian.console.settings import Settings
from durian.errors import DurianError

_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


class Ill(DurianError):
    """Raised when a check failed."""


def run(settings: Settings, *, as_json: bool) -> None:
    """Check everything; raises Ill when something will not work."""
    failed = 0
    for finding in findings(settings):
        failed += finding.level == "fail"
        if as_json:
            say_json(_described(finding))
        else:
            _show(finding)
    if failed:
        raise Ill(f"{failed} of the checks failed.")


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything the checks find, one after the other."""
    yield from extras()
    yield from environment()
    yield from sender(settings)
    yield from guarded("registry", partial(registry, settings))
    yield from guarded("broker", partial(rabbitmq, settings))
    yield from guarded("queues", partial(queues, settings))
    yield from guarded("server", partial(server, settings))


def _show(finding: Finding) -> None:
    say(styled(f"{finding.level:<5}", _STYLES[finding.level]), f"{finding.about}: {finding.found}")
    if finding.advice:
        say("      ", finding.advice)


def _described(finding: Finding) -> dict[str, str]:
    return {
        "level": finding.level,
        "about": finding.about,
        "found": finding.found,
        "advice": finding.advice,
    }
