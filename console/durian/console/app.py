"""The command line as a whole: which commands there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from durian.console.commands import listen, settings


def build() -> Callable[..., Any]:
    """Build the command line; call it with the arguments."""
    app = typer.Typer(
        name="durian",
        help="Durian: typed events in, signed webhooks out, RabbitMQ between.",
        epilog="Exit codes: 0 done; 1 refused or failed; 2 cannot be used as typed or set; "
        "3 broker or registry unreachable; 130 interrupted.",
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.command("listen")(listen.listen)
    app.command("settings")(settings.settings)
    return typer.main.get_command(app)
