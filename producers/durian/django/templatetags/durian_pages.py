"""Tags and filters of the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def page(context: Any, name: str, *args: Any) -> str:
    """The URL of a page where the current one stands: `{% page "listener" listener.id %}`."""
    return str(context["place"].url(name, *args))


@register.filter
def moment(seconds: float | None) -> datetime | None:
    """A time in seconds since the epoch as a datetime."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@register.filter
def moment_ms(ms: int | None) -> datetime | None:
    """A time in milliseconds since the epoch as a datetime."""
    return None if ms is None else moment(ms / 1000)
