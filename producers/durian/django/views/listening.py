"""A URL to listen at while developing: it shows what arrives."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

#: Arrivals that are kept, and bytes of each.
KEPT = 50
MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that came."""

    at: Any
    type: str
    webhook_id: str
    body: str


_arrivals: deque[Arrival] = deque(maxlen=KEPT)
_lock = threading.Lock()


@csrf_exempt
@require_http_methods(["GET", "POST"])
def listening(request: Any) -> HttpResponse:
    """POST: keep and print what arrives. GET: show the last of it. Only where DEBUG is on."""
    if not settings.DEBUG:
        raise Http404
    if request.method == "POST":
        arrival = _arrival(request)
        with _lock:
            _arrivals.appendleft(arrival)
        line = " ".join(f"{arrival.type} {arrival.body}".split())
        # A terminal must not be told what to do by whoever can reach this URL.
        print("".join(filter(str.isprintable, line)), flush=True)  # noqa: T201  # what it is for
        return HttpResponse("thanks!", content_type="text/plain")
    with _lock:
        shown = list(_arrivals)
    context = {"base": "durian/bare.html", "title": "Listening", "arrivals": shown}
    return render(request, "durian/listening.html", context)


def _arrival(request: Any) -> Arrival:
    raw = request.read(MAX_BYTES)
    try:
        body = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        body = raw.decode(errors="replace")
    return Arrival(
        at=timezone.now(),
        type=request.headers.get("ce-type", "event"),
        webhook_id=request.headers.get("webhook-id", ""),
        body=body,
    )
