"""A Django view that receives webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from durian.receiver.answer import Handle, answer
from durian.receiver.receiver import Receiver

View = Callable[..., Any]


def webhook_view(receiver: Receiver, handle: Handle) -> View:
    """Make a view, to be routed to in `urlpatterns` as any other.

    It takes POST only, without a CSRF token: the signature proves where a request comes from.

    Args:
        receiver: Verifies and decodes.
        handle: Called with each event once, those of a batch in turn; when it raises, the event
            comes again later.
    """

    def view(request: Any) -> Any:
        body = request.read(receiver.max_body_bytes + 1)
        given = answer(receiver, dict(request.headers.items()), body, handle)
        return HttpResponse(
            given.text, status=given.status, content_type="text/plain; charset=utf-8"
        )

    exempt: View = csrf_exempt(require_POST(view))
    return exempt
