"""A Flask view that receives webhooks."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from durian.receiver.answer import Handle, answer
from durian.receiver.receiver import Receiver


def webhook_view(receiver: Receiver, handle: Handle) -> Callable[[], Response]:
    """Make a view, for `app.add_url_rule("/hook", "hook", view, methods=["POST"])`.

    Args:
        receiver: Verifies and decodes.
        handle: Called with each event once, those of a batch in turn; when it raises, the event
            comes again later.
    """

    def view() -> Response:
        # One byte more than allowed, by which the receiver sees that there is more.
        body = request.stream.read(receiver.max_body_bytes + 1)
        given = answer(receiver, dict(request.headers.items()), body, handle)
        return Response(given.text, given.status, content_type="text/plain; charset=utf-8")

    return view
