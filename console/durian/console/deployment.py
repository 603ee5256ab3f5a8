"""The deployment of the server on this machine, and whether what is done here concerns it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, Field, SecretStr, ValidationError

from durian.client import Client
from durian.client.loopback import is_local
from durian.console.exits import complain
from durian.console.server import open_client, server_url
from durian.console.setting_values import Network
from durian.console.settings import Settings
from durian.console.wiring import open_store
from durian.errors import DurianError, RegistryMissing, ServerSilent, ServerUnavailable
from durian.registry.store import Store

#: What is told instead of a URL of RabbitMQ.
EMBEDDED = "embedded"

#: Seconds that a server may take to tell of itself.
PATIENCE_S = 5.0

#: The same of the `durian up` of this machine: whoever waits has asked for something else.
NEAR_PATIENCE_S = 1.0

_GO_THERE = "be in its directory, or name it by --registry or DURIAN_REGISTRY_URL."
_NO_DURIAN = "Start `durian up` with another --port, or name the server by DURIAN_SERVER."
_START_WEB = "Start `durian web` with these settings, or name another server by --server."


class Deployment(BaseModel):
    """What belongs together, as the API tells it: a registry, a broker, and settings."""

    registry: str = Field(description="Where the registry is, without a password.")
    registry_id: str = Field(
        description="What tells it from every other; a copy of its database has the same."
    )
    broker: str = Field(description="Where RabbitMQ is, without a login; else `embedded`.")
    allowed_networks: tuple[Network, ...] = Field(
        description="Networks to which this process delivers although they are not public."
    )


def ask(settings: Settings, patience_s: float = PATIENCE_S) -> Deployment:
    """Ask the server of which deployment it is. Raises DurianError."""
    with open_client(settings, attempts=1, answer_s=patience_s) as client:
        told = client.call("GET", "/v1/deployment")
    try:
        return Deployment.model_validate(told)
    except ValidationError:
        message = f"What answers at {server_url(settings)} is no Durian."
        raise DurianError(message, hint=_NO_DURIAN) from None


def find(settings: Settings) -> Deployment | None:
    """Ask the `durian up` of this machine of itself; None when none answers, or tells us.

    Nobody has named it: it is shown the token of this machine, and no other that is set.
    """
    if settings.server or not is_local(settings.api_host):
        return None
    try:
        return ask(settings.model_copy(update={"token": SecretStr("")}), NEAR_PATIENCE_S)
    except ServerSilent as error:
        complain(f"{error.message} Whether it has the registry here is not known.", of="warning")
        return None
    except DurianError:
        return None


def compared(settings: Settings, store: Store) -> Settings:
    """Warn when the `durian up` of this machine has another registry than this one.

    When it has the same, return the settings with the networks to which it delivers.
    """
    if settings.broker_url:  # then no command asks it
        return settings
    found = find(settings)
    if found is None:
        return settings
    if found.registry_id == store.identity():
        return settings.model_copy(update={"allowed_networks": found.allowed_networks})
    complain(
        f"The registry here is {store.where()}, but the Durian at {server_url(settings)}, which "
        f"takes and explains events, has {found.registry}.",
        f"To work on that one, {_GO_THERE}",
        of="warning",
    )
    return settings


def located(settings: Settings, error: RegistryMissing) -> RegistryMissing:
    """Name the registry that the `durian up` of this machine has, when there is none here."""
    found = None if settings.broker_url else find(settings)
    if found is None:
        return error
    has = f"The Durian at {server_url(settings)} has {found.registry}"
    return RegistryMissing(error.message, hint=f"{has}: {_GO_THERE}")


@contextmanager
def open_watched(settings: Settings) -> Iterator[Client]:
    """Make a client of the server whose numbers are asked for.

    Where commands work on RabbitMQ that has to be a `durian web` of it. Raises ServerUnavailable.
    """
    with open_client(settings) as client:
        if settings.server or not settings.broker_url:
            yield client
            return
        _warn_of_another(settings)
        try:
            yield client
        except ServerUnavailable as error:
            raise ServerUnavailable(error.message, hint=_START_WEB) from error


def _warn_of_another(settings: Settings) -> None:
    """Warn when the server has an embedded broker, or another registry than the one here."""
    found = find(settings)
    if found is None:
        return
    try:
        if found.broker != EMBEDDED and not is_other(found, settings):
            return
    except DurianError:  # what it shows is not for us to compare
        return
    complain(
        f"The Durian at {server_url(settings)} tells of another deployment: its broker is "
        f"{found.broker}, and its registry {found.registry}.",
        "Start `durian web` with these settings, with another --port, and name it by --server.",
        of="warning",
    )


def is_other(found: Deployment, settings: Settings) -> bool:
    """Tell whether a deployment has another registry than the one here. Raises DurianError."""
    with open_store(settings) as store:
        return store.identity() != found.registry_id


def whereabouts(settings: Settings, listener_id: str) -> str:
    """Say where a listener is that the `durian up` of this machine does not know.

    Empty when it is not in a registry here that is another one.
    """
    try:
        with open_store(settings) as store:
            store.get_listener(listener_id)
            found = find(settings)
            if found is None or found.registry_id == store.identity():
                return ""
            here = store.where()
    except DurianError:
        return ""
    place = server_url(settings)
    return f"It is in the registry {here}; the Durian at {place} has {found.registry}."
