"""Every setting of Durian's processes, read from options, the environment and durian.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from durian.console.flags import FLAGS
from durian.console.setting_values import (
    ORIGIN,
    Network,
    is_proxy,
    network,
    no_setting,
    parts_of,
    url_parts,
)
from durian.errors import InvalidSettings
from durian.errors.fault import reason_of
from durian.registry.owner import check_owner_attribute

#: What every variable of the environment begins with.
PREFIX = "DURIAN_"

#: Names another settings file than durian.toml in the working directory.
CONFIG_VARIABLE = "DURIAN_CONFIG"


class Settings(BaseSettings):
    """What one process is told. An option beats the environment, which beats durian.toml."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        # A URL that cannot be used holds a password all the same.
        hide_input_in_errors=True,
    )

    broker_url: str = Field(
        "",
        description="URL of RabbitMQ, such as amqp://user:password@host/vhost. "
        "Empty: no broker but the embedded one of `durian up`.",
    )
    registry_url: str = Field(
        "sqlite:///durian.db",
        description="URL of the registry's database: sqlite:///FILE or postgresql://...",
    )
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Networks (CIDR, comma separated) to which this deployment delivers although "
        "they are not public, such as 127.0.0.0/8.",
    )
    proxy_url: str = Field(
        "",
        description="Egress proxy of every delivery: http://user:password@host:3128. Where "
        "deliveries may go is then for the proxy to enforce.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of the authorities that listeners' certificates are checked against, "
        "instead of the public ones.",
    )
    prefix: str = Field(
        "durian",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="First word of every exchange's and queue's name on the broker.",
    )
    queue_type: Literal["quorum", "classic"] = Field(
        "quorum",
        description="Kind of a new listener's delivery queue; classic saves memory past some "
        "thousand listeners.",
    )
    secret_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys (comma separated, newest first) that encrypt listeners' secrets in the "
        "registry.",
    )
    secret_key_file: Path | None = Field(
        None,
        description="File that holds those keys, one a line; made with a new key when it is "
        "missing. With neither set, it is ~/.config/durian/secret.key.",
    )
    sender: Literal["requests", "curl"] = Field(
        "requests",
        description="What makes the attempts of deliveries: requests, or for volume curl, which "
        "needs the extra `curl`.",
    )
    processes: int = Field(
        1,
        ge=1,
        le=256,
        description="Processes that `durian router` or `durian deliver` starts and looks after.",
    )
    threads: int = Field(
        32,
        ge=1,
        le=1024,
        description="Deliveries under way at once in one process; curl takes as many as open files "
        "allow.",
    )
    prefetch: int = Field(
        500, ge=1, le=65535, description="Events a router holds unsettled at once."
    )
    poll_s: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="Seconds between two looks at the registry, should an announcement be lost.",
    )
    grace_s: float = Field(
        30.0, ge=0, le=600, description="Seconds that deliveries under way may take to end on stop."
    )
    breaker_failures: int = Field(
        10,
        ge=1,
        le=1_000_000,
        description="Failed attempts in a row that open a listener's breaker.",
    )
    breaker_pause_s: float = Field(
        10.0,
        gt=0,
        le=86_400,
        description="Seconds before the first probe of an open breaker; doubled with each that "
        "fails.",
    )
    breaker_longest_pause_s: float = Field(
        600.0, gt=0, le=86_400, description="Seconds between two probes at most."
    )
    disable_after_s: float = Field(
        432_000.0,
        gt=0,
        description="Seconds without a success after which a listener that fails is disabled; five "
        "days unless set.",
    )
    attempts_keep_days: float = Field(
        30.0, gt=0, le=36_500, description="Days that records of attempts are kept."
    )
    attempts_keep_rows: int = Field(
        10_000_000,
        ge=1,
        le=10**12,
        description="Records of attempts kept at most; each takes about 1 KB of the registry.",
    )
    api_host: str = Field(
        "127.0.0.1",
        description="Address on which `durian up` and `durian web` answer by HTTP.",
    )
    api_port: int = Field(8700, ge=0, le=65535, description="Port of it; 0 takes a free one.")
    outbox_url: str = Field(
        "",
        description="URL of the database whose outbox `durian relay` publishes: postgresql://...",
    )
    outbox_table: str = Field(
        "durian_outbox",
        pattern=r"^(\w+\.)?\w+$",
        description="Table of that outbox; schema.table when it lies in a schema.",
    )
    outbox_keep_days: float = Field(
        2.0, ge=0, le=36_500, description="Days that rows of the outbox are kept after they left."
    )
    api_rate_per_s: float = Field(
        100.0,
        gt=0,
        le=1_000_000,
        description="Requests a second that an API token may make of one process, unless the "
        "token says so itself.",
    )
    public_url: str = Field(
        "",
        description="URL under which people reach the web pages, such as https://durian.example; "
        "for links to the portal. Empty: that of DURIAN_API_HOST.",
    )
    portal_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins (comma separated) whose pages may show an owner's portal in a frame, "
        "such as https://app.example.",
    )
    owner_attribute: Annotated[str, AfterValidator(check_owner_attribute)] = Field(
        "",
        description="Extension attribute of events that says whose they are, such as `tenant`: "
        "listeners with an owner are added and changed so that they get that owner's events alone. "
        "Empty: events are nobody's.",
    )
    rabbitmq_ui_url: str = Field(
        "",
        description="URL of RabbitMQ's own pages, such as http://rabbitmq:15672: linked to, and "
        "asked for the rates of queues.",
    )
    server: str = Field(
        "",
        description="URL of a `durian up` or `durian web` that commands ask, with a token, instead "
        "of a broker and a registry: https://durian.example. Empty: without a broker, the `durian "
        "up` of this machine.",
    )
    token: SecretStr = Field(
        SecretStr(""),
        description="API token that commands show (durian_...). Empty: on this machine, that of "
        "`durian up` itself.",
    )
    snapshot: Path | None = Field(
        None,
        description="File in which the router keeps its index, so that it routes again soon after "
        "a restart, however many listeners there are. Only the router may be able to write there.",
    )
    health_file: Path | None = Field(
        None,
        description="File that `durian router`, `deliver` and `record` touch while the broker "
        "answers them; `durian health` looks at its age.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on which a process tells its metrics to Prometheus, without a token; 0 "
        "takes a free one. Empty: none, but `/metrics` of `durian up` and `durian web`.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="Address of that port, which only those should reach who may see everything.",
    )
    metrics_listeners: int = Field(
        0,
        ge=0,
        le=1000,
        description="How many listeners `durian up` and `durian web` name in their metrics: those "
        "for which most is waiting.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least important log lines that are written."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="How log lines look; auto: console on a terminal, else JSON."
    )

    @field_validator("broker_url")
    @classmethod
    def _broker_url(cls, value: str) -> str:
        for url in filter(None, value.split(";")):
            parts = url_parts(url)
            if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
                raise ValueError("must look like amqp://user:password@host:5672/vhost")
        return value

    @field_validator("registry_url")
    @classmethod
    def _registry_url(cls, value: str) -> str:
        scheme = value.partition("://")[0].partition("+")[0] if "://" in value else ""
        if scheme not in ("sqlite", "postgresql", "postgres"):
            raise ValueError("must look like sqlite:///durian.db or postgresql://user@host/name")
        if scheme == "sqlite" and not value.partition("://")[2].startswith("/"):
            raise ValueError("needs three slashes before a file: sqlite:///durian.db")
        return value

    @field_validator("public_url", "rabbitmq_ui_url", "server")
    @classmethod
    def _http_url(cls, value: str) -> str:
        parts = url_parts(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must look like https://durian.example")
        return value.rstrip("/")

    @field_validator("portal_origins", mode="before")
    @classmethod
    def _portal_origins(cls, value: object) -> object:
        found = parts_of(value) if isinstance(value, str) else value
        if not isinstance(found, Sequence) or not all(map(ORIGIN.fullmatch, found)):
            raise ValueError("must look like https://app.example, or https://*.example")
        return tuple(found)

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.isascii() or not text.isprintable():
            raise ValueError("must be printable ASCII characters")
        return value

    @field_validator("proxy_url")
    @classmethod
    def _proxy_url(cls, value: str) -> str:
        # The reason repeats nothing of it: a password that is not escaped may stand anywhere.
        if value and not is_proxy(value):
            raise ValueError(
                "must look like http://user:password@host:3128, with @ and / of a password "
                "written as %40 and %2F"
            )
        return value

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _allowed_networks(cls, value: object) -> object:
        if isinstance(value, str):
            value = parts_of(value)
        if not isinstance(value, Sequence):
            raise ValueError("must be networks separated by commas")  # noqa: TRY004  # pydantic reads ValueError
        return tuple(network(part) for part in value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is given
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then the environment, then the settings file."""
        file = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return (init_settings, env_settings, file)


def load(**options: Any) -> Settings:
    """Read the settings; options that are None were not given.

    Raises InvalidSettings, naming the option, the variable or the key of the file.
    """
    given = {name: value for name, value in options.items() if value is not None}
    path = config_file()
    if CONFIG_VARIABLE in os.environ and not path.is_file():
        raise InvalidSettings(CONFIG_VARIABLE, f"there is no file {path}")
    try:
        return Settings(**given)
    except ValidationError as exc:
        (where, reason), *others = (_fault(error, given) for error in exc.errors())
        reason += "".join(f"; {name}: {other}" for name, other in others)
        raise InvalidSettings(where, reason) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidSettings(str(path), f"is not TOML: {exc}") from exc


def config_file() -> Path:
    """The settings file: durian.toml in the working directory, or what DURIAN_CONFIG names."""
    return Path(os.environ.get(CONFIG_VARIABLE) or "durian.toml")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def default_of(name: str) -> str:
    """A setting's default, as it would be typed."""
    default: Any = Settings.model_fields[name].default
    if isinstance(default, SecretStr) or default in ((), None, ""):
        return "empty"
    return str(default)


def description_of(name: str) -> str:
    """What a setting is for, in one or two sentences."""
    return Settings.model_fields[name].description or ""


def _fault(error: Mapping[str, Any], given: dict[str, object]) -> tuple[str, str]:
    """Where one of pydantic's errors is, and what it is."""
    name = str(error["loc"][0]) if error["loc"] else "settings"
    if error["type"] != "extra_forbidden":
        return _where(name, given), reason_of(error)
    return _where(name, given), no_setting(name, PREFIX, Settings.model_fields)


def _where(name: str, given: dict[str, object]) -> str:
    """Name a setting as its reader knows it: the option, the variable, or the file and its key."""
    if name in given:
        return FLAGS.get(name, name)
    if variable(name) in os.environ:
        return variable(name)
    return f"{name} in {config_file()}"
