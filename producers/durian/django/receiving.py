"""Receiving webhooks in a Django project: verified, and handled once.

@webhook(secrets=["whsec_..."])
def person_changed(request, event):
Person.objects.filter(name=event.data["name"]).update(...)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync
from django.db import IntegrityError, router, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from durian.django.models import ReceivedWebhook
from durian.errors import InvalidEvent, SignatureError
from durian.events import CAPS, Event
from durian.receiver.reading import Received, read_events
from durian.signature import TOLERANCE_S, Verifier, verify

_log = logging.getLogger(__name__)

#: Days that ids are kept: longer than any schedule tries again.
KEEP = timedelta(days=30)

#: Seconds between two rounds of forgetting older ones, and how many a round forgets.
FORGET_EVERY_S = 3600.0
FORGET_ROWS = 1000

#: Secrets (`whsec_`) or public keys (`whpk_`) of a sender, or what tells them for a request.
Secrets = Sequence[str] | Callable[[Any], Sequence[str]]

View = Callable[..., Any]


def webhook(
    *, secrets: Secrets, tolerance_s: float = TOLERANCE_S, using: str | None = None
) -> Callable[[View], View]:
    """Make a view of a function that takes a request and its verified event.

    The function runs in a transaction, in which the event is written down by the request's
    `webhook-id`: what it writes is committed once, however often the webhook comes, and at the same
    time. When it raises, or answers 400 or more, all of it is taken back, and the event is handled
    when it comes again. It may return a response; else 204 is answered. It may be a coroutine
    function. Of a batch it is called for each event, all of them in one transaction.

    The view takes POST only, without a CSRF token: the signature proves where a request comes from.

    Args:
        secrets: As they are, several during a rotation; or a function of the request.
        tolerance_s: Seconds that a timestamp may differ from now, each way.
        using: The database that the function writes to, where there are several.

    Raises:
        InvalidInput: a secret cannot be read.
    """
    if not callable(secrets):
        Verifier(secrets)

    def decorate(function: View) -> View:
        handle = async_to_sync(function) if iscoroutinefunction(function) else function

        @wraps(function)
        def view(request: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                received = _received(request, secrets, tolerance_s)
            except SignatureError as error:
                return _text(401, str(error))
            except InvalidEvent as error:
                return _text(400, str(error))
            return _once(received, using, lambda event: handle(request, event, *args, **kwargs))

        exempt: View = csrf_exempt(require_POST(view))
        return exempt

    return decorate


def _received(request: Any, secrets: Secrets, tolerance_s: float) -> list[Received]:
    body = request.read(CAPS.document_bytes + 1)
    if len(body) > CAPS.document_bytes:
        raise InvalidEvent("body", f"is longer than {CAPS.document_bytes} bytes")
    known = secrets(request) if callable(secrets) else secrets
    headers = dict(request.headers.items())
    verified = verify(headers, body, known, time.time(), tolerance_s)
    return read_events(headers, body, verified.message_id)


def _once(received: list[Received], using: str | None, handle: Callable[[Event], Any]) -> Any:
    """Handle what is new of a request; whoever handles any of it now is waited for."""
    alias = using or router.db_for_write(ReceivedWebhook)
    response: Any = None
    with transaction.atomic(using=alias):
        # In one order everywhere: two batches with the same events would lock each other out.
        ids = {each.id for each in sorted(received, key=_id) if _is_new(each.id, alias)}
        if received and not ids:
            return _text(200, "This event was handled before.")
        for each in received:
            if each.id in ids:
                ids.discard(each.id)  # a batch may hold an event twice
                response = handle(each.event)
                if response is not None and response.status_code >= 400:  # noqa: PLR2004  # where HTTP's errors begin
                    transaction.set_rollback(True, using=alias)
                    break
    _forget(alias)
    return HttpResponse(status=204) if response is None else response


def _id(received: Received) -> str:
    return received.id


def _is_new(webhook_id: str, alias: str) -> bool:
    rows = ReceivedWebhook.objects.using(alias)
    try:
        with transaction.atomic(using=alias):
            rows.create(webhook_id=webhook_id)
    except IntegrityError:
        return False
    return True


_forgotten_at: dict[str, float] = {}


def _forget(alias: str) -> None:
    """Forget old ids, once in a while."""
    now = time.monotonic()
    if now - _forgotten_at.get(alias, -FORGET_EVERY_S) < FORGET_EVERY_S:
        return
    _forgotten_at[alias] = now
    rows = ReceivedWebhook.objects.using(alias)
    old = rows.filter(received_at__lt=timezone.now() - KEEP).values_list("pk", flat=True)
    count = rows.filter(pk__in=list(old[:FORGET_ROWS])).delete()[0]
    _log.info("webhook.ids_forgotten count=%d", count)


def _text(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
