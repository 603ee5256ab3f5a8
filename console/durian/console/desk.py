"""Where commands work: in the registry here, or at the server that is set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from durian.client import Client
from durian.console.deployment import compared, located
from durian.console.server import open_client
from durian.console.settings import Settings
from durian.console.wiring import open_store
from durian.errors import RegistryMissing
from durian.registry.store import Store

Desk = TypeVar("Desk")


@contextmanager
def open_registry(settings: Settings) -> Iterator[Store]:
    """Open the registry here, and warn when the `durian up` of this machine has another one.

    Raises RegistryError.
    """
    with _open_here(settings) as (_, store):
        yield store


@contextmanager
def open_desk(
    settings: Settings, here: Callable[[Settings, Store], Desk], there: Callable[[Client], Desk]
) -> Iterator[Desk]:
    """Open the server that is set, or the registry here. Raises DurianError."""
    if settings.server:
        with open_client(settings) as client:
            yield there(client)
    else:
        with _open_here(settings) as (known, store):
            yield here(known, store)


@contextmanager
def _open_here(settings: Settings) -> Iterator[tuple[Settings, Store]]:
    with ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(settings))
        except RegistryMissing as error:
            raise located(settings, error) from None
        yield compared(settings, store), store
