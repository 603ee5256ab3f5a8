"""Where hooks send their events, and where their listeners live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from durian.errors import InvalidEvent, InvalidSettings
from durian.errors.fault import reason_of
from durian.events import DEFAULT_SOURCE, Event
from durian.registry.owner import check_owner_attribute

#: What the variables of the environment begin with; the same that Durian's processes read.
PREFIX = "DURIAN_"


class Settings(BaseModel):
    """What a program that has hooks is told; names and meanings are those of `durian settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    #: URL of RabbitMQ, such as amqp://user:password@host/vhost. Empty: events are handed to a
    #: running `durian up`, as `durian emit` does.
    broker_url: str = ""
    #: Where that takes events, and the API token that is shown; on this machine it needs none.
    api_host: str = "127.0.0.1"
    api_port: int = Field(8700, ge=0, le=65535)
    token: SecretStr = SecretStr("")
    #: URL of the registry's database: sqlite:///FILE or postgresql://...
    registry_url: str = "sqlite:///durian.db"
    #: First word of every exchange's and queue's name on the broker.
    prefix: str = Field("durian", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    #: The `source` of every event: a URI reference.
    source: str = Field(DEFAULT_SOURCE, min_length=1)
    #: Kind of a new listener's delivery queue.
    queue_type: Literal["quorum", "classic"] = "quorum"
    #: Networks (CIDR) that are called in this process although they are not public.
    allowed_networks: tuple[str, ...] = ()
    #: Extension of events that says whose they are; see `durian settings`.
    owner_attribute: Annotated[str, AfterValidator(check_owner_attribute)] = ""
    #: Keys (comma separated, newest first) that encrypt listeners' secrets in the registry.
    secret_keys: SecretStr = SecretStr("")
    #: File that holds those keys, one a line.
    secret_key_file: Path | None = None

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError as exc:
                raise ValueError(f"must be networks such as 10.0.0.0/8, and {exc}") from exc
        return value

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        try:
            return Event(type="any", source=value).source
        except InvalidEvent as exc:
            raise ValueError(exc.reason) from exc

    @classmethod
    def read(cls, given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Self:
        """Settings by name as given, the rest from the environment. Raises InvalidSettings."""
        variables = os.environ if environment is None else environment
        found = {
            name: variables[PREFIX + name.upper()]
            for name in cls.model_fields
            if variables.get(PREFIX + name.upper())
        }
        try:
            return cls.model_validate({**found, **given})
        except ValidationError as exc:
            error = exc.errors(include_url=False)[0]
            name = str(error["loc"][0]) if error["loc"] else "settings"
            raise InvalidSettings(PREFIX + name.upper(), reason_of(error)) from exc
