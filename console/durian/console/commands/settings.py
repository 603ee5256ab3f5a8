"""`durian settings`: every setting, what it is now and what it is for."""

from __future__ import annotations

from durian.console.options import AsJSON


def settings(*, as_json: AsJSON = False) -> None:
    """Show every setting: its variable, value, default and meaning."""
    from durian.console.output import say_json, table
    from durian.console.settings import load
    from durian.console.showing import shown_settings

    rows = shown_settings(load())
    if as_json:
        say_json({row.variable: row.value for row in rows})
        return
    table(
        ("variable", "value", "default", "meaning"),
        ((row.variable, row.value, row.default, row.meaning) for row in rows),
    )
