"""The command line as a whole: which commands there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer

from durian.console.commands import (
    aside,
    audit,
    dead,
    deliveries,
    demo,
    doctor,
    emit,
    explain,
    health,
    hooks,
    listen,
    listeners,
    live,
    orphans,
    portal,
    registry,
    relay,
    replay,
    run,
    secrets,
    settings,
    sources,
    tokens,
    topology,
    up,
    users,
    web,
)

#: Commands in the order in which people need them.
_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("demo", demo.demo),
    ("up", up.up),
    ("emit", emit.emit),
    ("listen", listen.listen),
    ("explain", explain.explain),
    ("stats", live.stats),
    ("top", live.top),
    ("tail", live.tail),
    ("router", run.router),
    ("deliver", run.deliver),
    ("record", run.record),
    ("web", web.web),
    ("portal", portal.portal),
    ("relay", relay.relay),
    ("topology", topology.topology),
    ("doctor", doctor.doctor),
    ("health", health.health),
    ("settings", settings.settings),
)

_GROUPS: tuple[tuple[str, typer.Typer], ...] = (
    ("listeners", listeners.app),
    ("deliveries", deliveries.app),
    ("dead", dead.app),
    ("orphans", orphans.app),
    ("replay", replay.app),
    ("hooks", hooks.app),
    ("sources", sources.app),
    ("registry", registry.app),
    ("secrets", secrets.app),
    ("tokens", tokens.app),
    ("users", users.app),
    ("audit", audit.app),
)

#: Commands that two places share, which of them it is, the name says.
_ASIDE: tuple[tuple[str, str], ...] = (
    ("invalid", "Messages that are no events, or no records: kept, explained, replayable."),
    ("unrouted", "Events that reached no queue, because the topology was damaged."),
)


def _tell_version(is_asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if is_asked:
        typer.echo(f"durian {version('durian')}")
        raise typer.Exit


def _durian(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Tell the version.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Take what can be asked of all commands together."""


def asked(arguments: Sequence[str]) -> list[str]:
    """What was typed; or, where only help can be meant, the option for it."""
    if not arguments or arguments[0] == "help":
        return [*arguments[1:], "--help"]
    # Typer has something else than False there unless a group does something by itself.
    groups = {name for name, group in _GROUPS if group.info.invoke_without_command is not True}
    if len(arguments) == 1 and arguments[0] in groups | {name for name, _ in _ASIDE}:
        return [*arguments, "--help"]
    return list(arguments)


def build() -> Callable[..., Any]:
    """Build the command line; call it with the arguments."""
    app = typer.Typer(
        name="durian",
        help="Durian: typed events in, signed webhooks out, RabbitMQ between.",
        epilog="Exit codes: 0 done; 1 refused or failed; 2 cannot be used as typed or set; "
        "3 broker or registry unreachable; 130 interrupted.",
        pretty_exceptions_enable=False,
    )
    app.callback()(_durian)
    for name, command in _COMMANDS:
        app.command(name)(command)
    for name, group in _GROUPS:
        app.add_typer(group, name=name)
    for name, meaning in _ASIDE:
        app.add_typer(aside.app, name=name, help=meaning)
    return typer.main.get_command(app)
