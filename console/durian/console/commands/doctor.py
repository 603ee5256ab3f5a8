"""`durian doctor`: checks broker, registry and installation."""

from __future__ import annotations

from durian.console.options import AsJSON, BrokerURL, Prefix, RegistryURL


def doctor(
    *,
    broker: BrokerURL = None,
    registry: RegistryURL = None,
    prefix: Prefix = None,
    as_json: AsJSON = False,
) -> None:
    """Check broker, registry and installation, and say what to do; exit code 1 if a check fails."""
    from durian.console.doctor.run import run
    from durian.console.settings import load

    run(load(broker_url=broker, registry_url=registry, prefix=prefix), as_json=as_json)
