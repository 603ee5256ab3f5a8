"""All hooks as an AsyncAPI 3 document: what events there are, and what each of them holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from durian.broker.topology import Topology
from durian.registry import HookSpec

#: The version of AsyncAPI that is written.
VERSION = "3.0.0"

#: What keys of components may not hold (AsyncAPI 3.0, "Components Object").
_NO_KEY = re.compile(r"[^\w.-]")

#: Keywords below which nothing is a schema, whatever it looks like.
_LITERAL = frozenset({"const", "default", "enum", "example", "examples"})

#: Keywords whose members are named by whoever wrote the schema.
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})

#: The attributes of every event, as AMQP headers.
_HEADERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["ce-specversion", "ce-id", "ce-source", "ce-type"],
    "properties": {
        "ce-specversion": {"const": "1.0"},
        "ce-id": {"type": "string", "description": "Unique within its source."},
        "ce-source": {"type": "string", "description": "Where it happened: a URI reference."},
        "ce-type": {"type": "string", "description": "What happened: the routing key."},
        "ce-time": {"type": "string", "format": "date-time"},
        "ce-subject": {"type": "string", "description": "What it happened to."},
    },
}


def document(
    hooks: Iterable[HookSpec], names: Topology, *, title: str, version: str, broker_url: str
) -> dict[str, Any]:
    """Describe events as what Durian's exchange hands on to whoever binds a queue.

    Args:
        hooks: The definitions of the events.
        names: The names on the broker.
        title: What the document calls itself.
        version: The version of the document.
        broker_url: Where the broker is; passwords are left out. Empty when it is not to be told.
    """
    built: dict[str, Any] = {
        "asyncapi": VERSION,
        "info": {"title": title, "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
    }
    if servers := dict(_servers(broker_url)):
        built["servers"] = servers
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for hook in hooks:
        key = _key(hook.name, messages)
        messages[key] = _message(hook, key, schemas)
        channels[key] = _channel(hook, key, names)
    operations = {f"emit-{key}": _operation(key) for key in channels}
    components = {"messages": messages} | ({"schemas": schemas} if schemas else {})
    return built | {"channels": channels, "operations": operations, "components": components}


_DESCRIPTION = (
    "Events as CloudEvents 1.0 over AMQP 0-9-1, in binary mode: attributes are headers, the body "
    "is the data. Listeners get the same data by webhook."
)


def _servers(broker_url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, url in enumerate(filter(None, broker_url.split(";")), start=1):
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        server = {"host": host, "protocol": parts.scheme, "protocolVersion": "0-9-1"}
        if parts.path.strip("/"):
            server["pathname"] = parts.path
        yield f"rabbitmq{number}", server


def _channel(hook: HookSpec, key: str, names: Topology) -> dict[str, Any]:
    exchange = {"name": names.events, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": hook.name,
        "messages": {key: {"$ref": f"#/components/messages/{key}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _operation(key: str) -> dict[str, Any]:
    channel = f"#/channels/{key}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{key}"}],
    }


def _message(hook: HookSpec, key: str, schemas: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"name": hook.name, "headers": _HEADERS}
    if hook.description:
        message["description"] = hook.description
    if hook.schema is not None:
        _add_schema(dict(hook.schema), key, schemas)
        message["payload"] = {"$ref": f"#/components/schemas/{key}"}
    if hook.example is not None:
        message["examples"] = [{"payload": hook.example}]
    return message


def _add_schema(schema: dict[str, Any], key: str, schemas: dict[str, Any]) -> None:
    """Put a schema among the components, and each of its definitions beside it.

    Within the document `#` is the document, so references of the schema to itself are led there.
    """
    places = {"#": f"#/components/schemas/{key}"}
    definitions: dict[str, Any] = {}
    for keyword in ("$defs", "definitions"):
        for name, definition in dict(schema.pop(keyword, {})).items():
            own = _key(f"{key}.{name}", schemas)
            definitions[own] = definition
            schemas[own] = {}  # taken
            pointer = name.replace("~", "~0").replace("/", "~1")
            places[f"#/{keyword}/{pointer}"] = f"#/components/schemas/{own}"
    # The document is what says where it lies and which dialect it is in.
    for keyword in ("$schema", "$id"):
        schema.pop(keyword, None)
    schemas[key] = _led(schema, places)
    for own, definition in definitions.items():
        schemas[own] = _led(definition, places)


def _led(value: Any, places: Mapping[str, str]) -> Any:
    """Copy a schema with its references led to where they point in the document."""
    if isinstance(value, list):
        return [_led(each, places) for each in value]
    if not isinstance(value, dict):
        return value
    copy: dict[str, Any] = {}
    for name, each in value.items():
        if name == "$ref" and isinstance(each, str):
            copy[name] = _target(each, places)
        elif name in _NAMED and isinstance(each, dict):
            copy[name] = {own: _led(schema, places) for own, schema in each.items()}
        else:
            copy[name] = each if name in _LITERAL else _led(each, places)
    return copy


def _target(reference: str, places: Mapping[str, str]) -> str:
    """The place of a reference: its own, or that of the longest beginning which was moved."""
    for old in sorted(places, key=len, reverse=True):
        if reference == old or reference.startswith(f"{old}/"):
            return places[old] + reference[len(old) :]
    return reference


def _key(name: str, taken: Mapping[str, Any]) -> str:
    """A name as a key of components, which no other has."""
    key = own = _NO_KEY.sub("_", name)
    number = 1
    while own in taken:
        number += 1
        own = f"{key}_{number}"
    return own
