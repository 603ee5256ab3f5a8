"""The options of the command line that are settings."""

from __future__ import annotations

#: The settings that have an option on the command line, and which.
FLAGS = {
    "broker_url": "--broker",
    "registry_url": "--registry",
    "prefix": "--prefix",
    "queue_type": "--queue-type",
    "allowed_networks": "--allow-network",
    "sender": "--sender",
    "processes": "--processes",
    "threads": "--threads",
    "prefetch": "--prefetch",
    "grace_s": "--grace",
    "api_host": "--host",
    "api_port": "--port",
    "server": "--server",
    "token": "--token",
    "snapshot": "--snapshot",
    "health_file": "--health-file",
    "metrics_port": "--metrics-port",
    "outbox_url": "--outbox",
    "outbox_table": "--table",
    "outbox_keep_days": "--keep-days",
    "log_level": "--log-level",
    "log_format": "--log-format",
}
