"""`durian router`, `deliver` and `record`: the three processes of a deployment on RabbitMQ."""

from __future__ import annotations

from durian.console.options import (
    AllowedNetworks,
    BrokerURL,
    Grace,
    HealthFile,
    LogAsJSON,
    LogFormat,
    LogLevel,
    MetricsPort,
    Prefetch,
    Prefix,
    Processes,
    RegistryURL,
    SenderKind,
    Snapshot,
    Threads,
)


def router(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    processes: Processes = None,
    prefetch: Prefetch = None,
    snapshot: Snapshot = None,
    health_file: HealthFile = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Route events to the listeners that want them, until Ctrl-C or SIGTERM."""
    from durian.console.processes import run_router
    from durian.console.settings import load

    run_router(
        load(
            broker_url=broker,
            registry_url=registry,
            prefix=prefix,
            processes=processes,
            prefetch=prefetch,
            snapshot=snapshot,
            health_file=health_file,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )


def deliver(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    allow_network: AllowedNetworks = None,
    sender: SenderKind = None,
    processes: Processes = None,
    threads: Threads = None,
    grace: Grace = None,
    health_file: HealthFile = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Deliver what lies in the listeners' queues, until Ctrl-C or SIGTERM; then drain."""
    from durian.console.processes import run_delivery
    from durian.console.settings import load

    run_delivery(
        load(
            broker_url=broker,
            registry_url=registry,
            prefix=prefix,
            allowed_networks=allow_network,
            sender=sender,
            processes=processes,
            threads=threads,
            grace_s=grace,
            health_file=health_file,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )


def record(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    health_file: HealthFile = None,
    metrics_port: MetricsPort = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    as_json: LogAsJSON = False,
) -> None:
    """Write every attempt of a delivery to the registry, until Ctrl-C or SIGTERM."""
    from durian.console.processes import run_recorder
    from durian.console.settings import load

    run_recorder(
        load(
            broker_url=broker,
            registry_url=registry,
            prefix=prefix,
            health_file=health_file,
            metrics_port=metrics_port,
            log_level=log_level,
            log_format="json" if as_json else log_format,
        )
    )
