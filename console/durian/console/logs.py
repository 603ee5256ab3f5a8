"""Logging of the processes: one line a fact, readable on a terminal, JSON for machines."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any

import structlog

from durian.console.settings import Settings

#: Keys whose values are never written.
_SECRET_KEY = re.compile(
    r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE
)
#: A password inside a URL, which may have an `@` itself, or be one of its options.
_PASSWORD_IN_URL = re.compile(r"(\w+://[^\s:/]*):[^\s/]*@")
_PASSWORD_IN_OPTION = re.compile(r"([?&]\w*passw(?:or)?d=)[^\s&#]*", re.IGNORECASE)
#: A signing secret inside any text.
_SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")
#: An API token; its id may be shown, so that whoever finds it knows which to revoke.
_API_TOKEN = re.compile(r"(durian_[a-z0-9]{8})_[A-Za-z0-9_-]{20,}")

#: Libraries whose own lines say what Durian's adapters say better, and the least that is written.
#: pika calls every attempt to connect that fails an error, six times.
_QUIET = {
    "alembic": logging.ERROR,
    "amqp": logging.ERROR,
    "kombu": logging.ERROR,
    "pika": logging.CRITICAL,
    "urllib3": logging.ERROR,
    "uvicorn": logging.ERROR,
}


#: How the core writes a fact: `event.name key=%s key=%d`, its values as arguments.
_TEMPLATE = re.compile(r"(\w+)=%[sdr]")


def fields_of(
    _logger: object, _method: str, fact: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take a standard library record `event.name key=%s` apart into its fields (a processor)."""
    record, arguments = fact.get("_record"), fact.pop("positional_args", ())
    if not isinstance(record, logging.LogRecord) or not isinstance(record.msg, str):
        return fact
    keys = _TEMPLATE.findall(record.msg)
    if keys and isinstance(arguments, tuple) and len(keys) == len(arguments):
        values = (_plain(value) for value in arguments)
        fact.update(zip(keys, values, strict=True), event=record.msg.split()[0])
    return fact


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str | None) else str(value)


def redact(
    _logger: object, _method: str, fact: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take secrets out of a log line (a structlog processor)."""
    for key, value in fact.items():
        if not key.startswith("_"):  # structlog's own, which is not written
            fact[key] = _redacted(key, value)
    return fact


def _redacted(key: object, value: Any) -> Any:
    if key != "event" and isinstance(key, str) and _SECRET_KEY.search(key):
        return "[redacted]"
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, Mapping):
        return {name: _redacted(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(None, inner) for inner in value]
    return value


def hide_secrets(text: str) -> str:
    """Take passwords of URLs, signing secrets and API tokens out of a text."""
    text = _PASSWORD_IN_OPTION.sub(r"\1***", _PASSWORD_IN_URL.sub(r"\1:***@", text))
    text = _SIGNING_SECRET.sub("whsec_***", text)
    return _API_TOKEN.sub(r"\1_***", text)


def configure(settings: Settings, *, process: int | None = None) -> None:
    """Send every log line, ours and the libraries', to stderr in one form.

    Lines of one process of several carry its number.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        *([] if process is None else [partial(_numbered, process)]),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[fields_of, *shared],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(settings),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


def _numbered(
    process: int, _logger: object, _method: str, fact: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    fact["process"] = process
    return fact


def _rendering(settings: Settings) -> list[structlog.typing.Processor]:
    tty = sys.stderr.isatty()
    if settings.log_format == "console" or (settings.log_format == "auto" and tty):
        # A traceback with the values of variables would show URLs with their passwords.
        plain = structlog.dev.plain_traceback
        last: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
            colors=tty, exception_formatter=plain
        )
    else:
        last = structlog.processors.JSONRenderer()
    # Once more: what an error says is text only now.
    return [structlog.processors.format_exc_info, redact, last]
