"""How the command line ends: which exit code an error has, and the sentence it prints."""

from __future__ import annotations

import sys
from typing import Literal

from durian.errors import (
    BrokerUnavailable,
    DurianError,
    InvalidInput,
    MissingExtra,
    OutboxUnavailable,
    RegistryUnavailable,
)
from durian.errors.fault import reason_of

#: Everything that was asked for was done.
OK = 0
#: It was refused, or it failed.
FAILED = 1
#: What was typed or set cannot be used; nothing was tried.
USAGE = 2
#: The broker, the registry or an outbox cannot be reached: the same command may work later.
UNAVAILABLE = 3
#: Stopped by Ctrl-C before it was done.
INTERRUPTED = 130

#: Which extra brings a module that is missing.
_EXTRA_OF = {
    "alembic": "router",
    "jsonschema": "router",
    "pika": "router",
    "psycopg": "router",
    "re2": "router",
    "sqlalchemy": "router",
    "cryptography": "router",
    "idna": "consumer",
    "pycurl": "curl",
    "requests": "consumer",
    "urllib3": "consumer",
    "pydantic_settings": "console",
    "rich": "console",
    "starlette": "console",
    "structlog": "console",
    "typer": "console",
    "uvicorn": "console",
}


def code_of(error: DurianError) -> int:
    """The exit code of an error."""
    if isinstance(error, InvalidInput | MissingExtra):
        return USAGE
    if isinstance(error, BrokerUnavailable | OutboxUnavailable | RegistryUnavailable):
        return UNAVAILABLE
    return FAILED


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """Say which extra to install, or None when the module is none of ours to name."""
    module = (error.name or "").partition(".")[0]
    extra = _EXTRA_OF.get(module)
    return MissingExtra(extra, module) if extra else None


def usage_error(error: Exception) -> str | None:
    """What Typer finds wrong with what was typed, in our words; None when it is another error."""
    # Its versions derive their errors from different classes; pydantic finds some of the faults.
    message = getattr(error, "format_message", None)
    if not callable(message):
        return None
    from pydantic import ValidationError  # noqa: PLC0415 - seldom needed

    fault, parameter = error.__cause__, getattr(error, "param", None)
    if not isinstance(fault, ValidationError) or parameter is None:
        return str(message())
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
    return f"{name or parameter.name}: {reason_of(fault.errors()[0])}"


def complain(message: str, hint: str = "", *, of: Literal["error", "warning"] = "error") -> None:
    """Print an error on stderr: one line, and a second one that says what to do."""
    # Escaped: what is wrong may be quoted from a message, an event or an answer.
    lines = [f"{of}: {message}", *([f"hint: {hint}"] if hint else [])]
    for line in lines:
        shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
        print(shown, file=sys.stderr)  # noqa: T201  # this is what it is for; rich may be missing
