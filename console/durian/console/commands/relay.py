"""`durian relay`: events of an application's outbox to RabbitMQ."""

from __future__ import annotations

from durian.console.options import (
    BrokerURL,
    LogAsJSON,
    LogFormat,
    LogLevel,
    MetricsPort,
    OutboxKeepDays,
    OutboxTable,
    OutboxURL,
    Prefix,
)


def relay(
    *,
    outbox: OutboxURL = None,
    table: OutboxTable = None,
    keep_days: OutboxKeepDays = None,
    broker: BrokerURL = None,
    prefix: Prefix = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Publish what waits in an application's outbox table, until Ctrl-C or SIGTERM."""
    from durian.console.relaying import run_relay
    from durian.console.settings import load

    run_relay(
        load(
            outbox_url=outbox,
            outbox_table=table,
            outbox_keep_days=keep_days,
            broker_url=broker,
            prefix=prefix,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )
