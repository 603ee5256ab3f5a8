"""`durian settings`: every setting, what it is now and what it is for."""

from __future__ import annotations

from durian.console.options import AsJSON


def settings(*, as_json: AsJSON = False) -> None:
    """Show every setting: its variable, value, default and meaning."""
    from durian.console.logs import hide_secrets
    from durian.console.output import say_json, table
    from durian.console.settings import Settings, default_of, description_of, load, variable

    now = load()
    values = {name: hide_secrets(_shown(getattr(now, name))) for name in Settings.model_fields}
    if as_json:
        say_json({variable(name): value for name, value in values.items()})
        return
    table(
        ("variable", "value", "default", "meaning"),
        ((variable(n), v, default_of(n), description_of(n)) for n, v in values.items()),
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return "" if value is None else str(value)
