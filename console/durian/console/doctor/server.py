"""What the doctor looks at where no broker is set: the `durian up` that has the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from durian.console.deployment import Deployment, ask, is_other
from durian.console.doctor.broker import aside, dead_letters
from durian.console.doctor.finding import Finding, ok, warn
from durian.console.operations.runner import open_runner, unseen
from durian.console.server import server_url
from durian.console.settings import Settings
from durian.errors import DurianError, NotAllowed, NotFound, RegistryMissing, ServerUnavailable


def server(settings: Settings) -> Iterator[Finding]:
    """Whether a `durian up` answers, on the registry here, and what waits there for somebody."""
    if settings.broker_url:
        return  # then by the consumers of queues is told who is at work
    try:
        yield _answering(settings)
    except ServerUnavailable as error:
        yield warn("server", f"{error.message} Events are taken by nobody.", "Start `durian up`.")
        return
    except DurianError as error:  # another program perhaps, or the `durian up` of another user
        yield warn("server", error.message, error.advice or "See the log of what answers there.")
        return
    # A token that only emits is shown nothing of it.
    with open_runner(settings) as run, suppress(NotAllowed):
        yield dead_letters(run("dead.count", {}, unseen))
        for place, waiting in run("aside.count", {}, unseen).items():
            yield aside(place, waiting)


def _answering(settings: Settings) -> Finding:
    """Whether the server has the registry that commands work on. Raises DurianError."""
    url = server_url(settings)
    try:
        found = ask(settings)
    except (NotAllowed, NotFound) as error:  # a token that is no admin's, or an older server
        return ok("server", f"{url} answers, and does not say which registry it has: {error}")
    if settings.server or not _is_another(found, settings):
        return ok("server", f"{url} answers; its registry is {found.registry}")
    advice = "Work in the directory of that one, or name it by DURIAN_REGISTRY_URL."
    return warn(
        "server", f"{url} answers, with another registry than here: {found.registry}", advice
    )


def _is_another(found: Deployment, settings: Settings) -> bool:
    try:
        return is_other(found, settings)
    except RegistryMissing:
        return True
