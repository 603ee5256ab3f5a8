"""Celery's tasks as events: what succeeded and what failed, told by the worker that ran it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, Literal

from celery.signals import task_failure, task_success

from durian.errors import DurianError
from durian.events import Event
from durian.producers.producer import Producer

#: What may be sent of a task beside its name and fate: nothing, unless it is asked for.
Detail = Literal["args", "result"]

#: Types of the events.
SUCCEEDED = "celery.task.succeeded"
FAILED = "celery.task.failed"

#: Their `source`, unless the adapter is told another.
SOURCE = "/celery"

_LOG = logging.getLogger(__name__)


class CeleryEvents:
    """Emits an event whenever a task has succeeded, or failed for good.

    The worker emits it when the task's outcome is stored, and waits for the broker's confirm; the
    producer's policy says how long. An event that cannot be published is logged, and changes
    nothing for the task. A task that runs again under its id (a redelivery) has an event of the
    same id, so that receivers can tell.

        CeleryEvents(Producer("amqp://localhost")).connect()

    Args:
        producer: What events are published with; it may be made before the worker forks.
        wanted: Tells by its name whether a task's outcome is an event; all are unless given.
        details: What else is sent: `args` (with keyword arguments), `result`.
        source: The `source` of the events.
    """

    def __init__(
        self,
        producer: Producer,
        *,
        wanted: Callable[[str], bool] = lambda _: True,
        details: Collection[Detail] = (),
        source: str = SOURCE,
    ) -> None:
        self._producer = producer
        self._wanted = wanted
        self._details = frozenset(details)
        self._source = source

    def connect(self) -> None:
        """Begin, in this process and those it forks."""
        task_success.connect(self._succeeded, weak=False)
        task_failure.connect(self._failed, weak=False)

    def disconnect(self) -> None:
        """End."""
        task_success.disconnect(self._succeeded)
        task_failure.disconnect(self._failed)

    def _succeeded(self, sender: Any, result: Any = None, **_given: Any) -> None:
        told = {"result": result} if "result" in self._details else {}
        self._emit(SUCCEEDED, sender, told)

    def _failed(self, sender: Any, exception: Any = None, **_given: Any) -> None:
        told = {"error": {"type": type(exception).__name__, "message": str(exception)}}
        self._emit(FAILED, sender, told)

    def _emit(self, event_type: str, task: Any, told: dict[str, Any]) -> None:
        if not self._wanted(task.name):
            return
        request = task.request
        if "args" in self._details:
            told |= {"args": list(request.args or ()), "kwargs": dict(request.kwargs or {})}
        data = {"task": task.name, "task_id": request.id, "retries": request.retries, **told}
        outcome = event_type.rpartition(".")[2]
        try:
            self._producer.emit(
                Event(
                    type=event_type,
                    id=f"{request.id}-{outcome}",
                    source=self._source,
                    subject=task.name,
                    data=data,
                )
            )
        except DurianError as error:
            _LOG.error("celery.outcome_lost task=%s error=%s", request.id, error)
