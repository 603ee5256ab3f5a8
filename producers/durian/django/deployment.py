"""What hooks work with in a Django project: events leave on commit, by the outbox or at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import router, transaction
from django.db.models.signals import post_save, pre_save

from durian.django import outbox
from durian.django.atomic import SAVING
from durian.django.eager import EagerRelay
from durian.django.models import OutboxEvent
from durian.django.settings import SETTING, DjangoSettings, read
from durian.events import Event
from durian.hook import Deployment, ModelHook
from durian.hook.up import UpProducer

if TYPE_CHECKING:
    from durian.hook import Hook
    from durian.producers import Producer
    from durian.producers.outbox import Relay

_Result = TypeVar("_Result")


class DjangoDeployment(Deployment):
    """Sends events of a project when the transaction of their cause commits."""

    def __init__(self, settings: DjangoSettings | None = None) -> None:
        super().__init__(settings)
        self._eager = EagerRelay()

    @cached_property
    def settings(self) -> DjangoSettings:
        """What the project's setting says. Raises InvalidSettings."""
        given = self._given
        return given if isinstance(given, DjangoSettings) else read()

    def emit(self, hook: Hook, event: Event, using: str | None = None) -> None:
        """Let an event leave when the transaction in which it happened commits.

        `using` names the database of that; None for the one that the outbox is in.
        """
        if hook.asynchronous and self.settings.outbox:
            self.write(event, using)
            return
        using = using or router.db_for_write(OutboxEvent)
        leave = partial(self.publish if hook.asynchronous else self.deliver, event)
        transaction.on_commit(leave, using=using, robust=hook.fail_silently)

    def bound(self, hook: Any) -> None:
        """Let saves of a hook's model be one transaction with what the hook writes."""
        for model in _saved_models(hook):
            SAVING.add(model)

    def unbound(self, hook: Any) -> None:
        """Have its saves as they were."""
        for model in _saved_models(hook):
            SAVING.remove(model)

    async def in_thread(self, function: Callable[[], _Result]) -> _Result:
        """Call a function that blocks, from a coroutine, where its database connections are."""
        result: _Result = await sync_to_async(function)()
        return result

    def reread(self, *, setting: str, **_: Any) -> None:
        """Take the project's setting as it is now, where a test overrides it."""
        if setting == SETTING:
            self.close()
            self.__dict__.pop("settings", None)
            self._eager = EagerRelay()

    def close(self) -> None:
        """Close what was opened, and stop relaying."""
        self._eager.stop()
        super().close()

    def write(self, event: Event, using: str | None) -> None:
        """Write an event to the outbox of the database that its cause is in."""
        using = using or router.db_for_write(OutboxEvent)
        place = using if router.allow_migrate_model(using, OutboxEvent) else None
        if place is None:
            # That database has no outbox: the default one takes the event once it is true.
            place = router.db_for_write(OutboxEvent)
            transaction.on_commit(partial(outbox.write, event, place), using=using)
        else:
            outbox.write(event, place)
        if self.settings.eager:
            transaction.on_commit(partial(self._eager.wake, self, place), using=using)

    @contextmanager
    def make_relay(
        self, databases: Sequence[str] | None = None, *, poll_s: float = 0.5
    ) -> Iterator[Relay]:
        """Make a relay, with a producer of its own, for the length of the block."""
        from durian.django.store import OutboxStore  # noqa: PLC0415  # what saves do without
        from durian.producers import PublishPolicy  # noqa: PLC0415  # its driver, at need
        from durian.producers.outbox import Relay  # noqa: PLC0415  # the same

        # Rows stay locked while a publish is tried; the relay itself tries again later.
        policy = PublishPolicy(confirm_timeout_s=10, give_up_after_s=10)
        keep = timedelta(seconds=self.settings.outbox_keep_s)
        with self.make_producer(policy) as producer:
            yield Relay(OutboxStore(databases), producer, keep=keep, poll_s=poll_s)

    def _new_producer(self) -> Producer | UpProducer:
        from durian.producers import PublishPolicy  # noqa: PLC0415  # its driver, at need

        timeout_s = self.settings.publish_timeout_s
        return self.make_producer(
            PublishPolicy(
                connect_timeout_s=timeout_s, confirm_timeout_s=timeout_s, give_up_after_s=timeout_s
            )
        )


def _saved_models(hook: Any) -> Sequence[Any]:
    """The models whose saves trigger a hook."""
    if not isinstance(hook, ModelHook) or hook.resolve_signal() not in {pre_save, post_save}:
        return ()
    return hook.senders_of_instances()
