"""Showing what a process was told, without a word of what is secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durian.console.logs import hide_secrets
from durian.console.settings import Settings, default_of, description_of, variable


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    """A setting as it is shown."""

    variable: str
    value: str
    default: str
    meaning: str

    @property
    def is_changed(self) -> bool:
        """Whether it is not as it would be by itself."""
        return self.value != self.default and bool(self.value or self.default != "empty")


def shown_settings(settings: Settings) -> Sequence[ShownSetting]:
    """Return all settings, each with its variable, value, default and meaning."""
    return [
        ShownSetting(
            variable=variable(name),
            value=hide_secrets(_text(getattr(settings, name))),
            default=default_of(name),
            meaning=description_of(name),
        )
        for name in Settings.model_fields
    ]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return "" if value is None else str(value)
