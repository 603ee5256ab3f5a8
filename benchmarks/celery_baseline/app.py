"""Webhooks as people send them with Celery: one task for each listener, POSTed with requests.

The task is as durable as Celery makes it with a setting: persistent messages, acknowledged late,
retried with backoff. Publishes are not confirmed, which is Celery's default and in its favour.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
import time
from typing import Any

import requests
from celery import Celery

#: Seconds for one POST.
TIMEOUT_S = 4.0

SECRET = b"a secret of twenty-four bytes"

#: Where the outcomes of tasks are kept; nowhere when it is empty.
OUTCOMES = os.environ.get("BENCH_OUTCOMES", "")

app = Celery("celery_baseline", broker=os.environ.get("BENCH_BROKER_URL", "amqp://localhost"))
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_backend=OUTCOMES or None,
    task_acks_late=True,
    task_ignore_result=not OUTCOMES,
    task_reject_on_worker_lost=True,
    task_serializer="json",
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "4")),
)

_own = threading.local()


def _session() -> requests.Session:
    """The session of this process or thread: connections are kept."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
    session: requests.Session = _own.session
    return session


def _signed(event_id: str, body: bytes) -> dict[str, str]:
    """Sign as Standard Webhooks do."""
    timestamp = str(int(time.time()))
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    digest = base64.b64encode(hmac.digest(SECRET, content, hashlib.sha256)).decode()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{digest}",
    }


def _post(task: Any, url: str, event_id: str, event_time: str, body: str) -> None:
    """Send one event to one listener."""
    raw = body.encode()
    headers = {"content-type": "application/json", "ce-id": event_id, "ce-time": event_time}
    try:
        response = _session().post(
            url, data=raw, headers=headers | _signed(event_id, raw), timeout=TIMEOUT_S
        )
        response.raise_for_status()
    except requests.RequestException as exc:
        raise task.retry(exc=exc, countdown=2**task.request.retries) from exc


#: Called with a listener's URL, and an event's id, time and JSON.
post = app.task(_post, name="post", bind=True, max_retries=5)
