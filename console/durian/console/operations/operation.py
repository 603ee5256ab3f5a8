"""What an operation is: a name, arguments that are checked, and a function on an open house."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from durian.broker.port import Broker
from durian.broker.topology import Topology
from durian.errors import InvalidInput
from durian.errors.fault import first_fault
from durian.registry.store import Store

#: Told, again and again, how many of how many are done.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What operations work on."""

    broker: Broker
    names: Topology
    store: Store
    #: Set when whoever asked no longer waits.
    stop: threading.Event = field(default_factory=threading.Event)


class Arguments(BaseModel):
    """The arguments of an operation; each operation has its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Given = TypeVar("_Given", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Operation(Generic[_Given]):
    """Something to be done, and the arguments it takes."""

    arguments: type[_Given]
    function: Callable[[Context, _Given, Progress], object]
    #: True when something is sent or thrown away.
    acts: bool = False

    def read(self, given: Mapping[str, object]) -> _Given:
        """Check the arguments. Raises InvalidInput, which names the first that is wrong."""
        try:
            return self.arguments.model_validate(dict(given))
        except ValidationError as exc:
            raise InvalidInput(*first_fault(exc, "arguments")) from exc
