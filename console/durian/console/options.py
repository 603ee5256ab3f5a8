"""The command line's options for settings: name, meaning and default come from the settings."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from durian.console.flags import FLAGS
from durian.console.settings import default_of, description_of, variable


def _setting(name: str) -> Any:
    return typer.Option(
        FLAGS[name],
        help=f"{description_of(name)} ({variable(name)})",
        show_default=default_of(name),
        rich_help_panel="Settings",
    )


# None means: not given, so the environment, durian.toml or the default decides.
BrokerURL = Annotated[str | None, _setting("broker_url")]
RegistryURL = Annotated[str | None, _setting("registry_url")]
Prefix = Annotated[str | None, _setting("prefix")]
QueueKind = Annotated[str | None, _setting("queue_type")]
AllowedNetworks = Annotated[str | None, _setting("allowed_networks")]
SenderKind = Annotated[str | None, _setting("sender")]
Processes = Annotated[int | None, _setting("processes")]
Threads = Annotated[int | None, _setting("threads")]
Prefetch = Annotated[int | None, _setting("prefetch")]
Grace = Annotated[float | None, _setting("grace_s")]
Server = Annotated[str | None, _setting("server")]
ApiHost = Annotated[str | None, _setting("api_host")]
ApiPort = Annotated[int | None, _setting("api_port")]
Snapshot = Annotated[str | None, _setting("snapshot")]
HealthFile = Annotated[str | None, _setting("health_file")]
MetricsPort = Annotated[int | None, _setting("metrics_port")]
OutboxURL = Annotated[str | None, _setting("outbox_url")]
OutboxTable = Annotated[str | None, _setting("outbox_table")]
OutboxKeepDays = Annotated[float | None, _setting("outbox_keep_days")]
LogLevel = Annotated[str | None, _setting("log_level")]
LogFormat = Annotated[str | None, _setting("log_format")]

LogAsJSON = Annotated[bool, typer.Option("--json", help="The same as --log-format json.")]
AsJSON = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
