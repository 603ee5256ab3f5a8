"""The client: what can be asked of a server, by methods; everything else by `call` and `pages`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from durian.client.problem import JobFailed
from durian.client.transport import ANSWER_S, ATTEMPTS, PAGE, Transport, escaped
from durian.events import Event
from durian.events.http import encode_batch

#: Seconds between two looks at a job.
LOOK_S = 0.3

#: Told, again and again, how many of how many are done.
Progress = Callable[[int, int], None]

#: What the API tells: the keys are those of its OpenAPI document, and moments are RFC 3339.
Told = dict[str, Any]


class Client:
    """Asks one server, with one token. Safe to share by threads; a context manager.

    Requests that meet with a server, broker or registry that is away, or come too often, are made
    again, three times at most; what changes something carries an idempotency key, so that it is
    carried out once. Publishing is not made again. An answer may take `answer_s` seconds.

    Raises:
        InvalidSettings: the server's URL cannot be used.
        DurianError: from every method, the error that the server tells of: NotFound, Conflict,
            InvalidInput (which names the field), NotAuthenticated, NotAllowed and so on; or
            ServerUnavailable.
    """

    def __init__(
        self, server: str, token: str, *, attempts: int = ATTEMPTS, answer_s: float = ANSWER_S
    ) -> None:
        self._transport = Transport(server, token, attempts=attempts, answer_s=answer_s)
        self._pause = threading.Event()

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Make a request to a path such as `/v1/hooks`; returns what JSON says, or None."""
        return self._transport.call(method, path, body=body, params=params)

    def pages(self, path: str, *, most: int | None = None, **params: Any) -> Iterator[Told]:
        """Yield the items of a list, page by page, and at most so many."""
        return self._transport.pages(path, most=most, **params)

    def publish(self, events: Sequence[Event]) -> list[str]:
        """Publish events; returns their ids once the broker has all of them safely.

        Raises InvalidEvent, BrokerUnavailable: some may have arrived then, so send all again.
        """
        headers, content = encode_batch(events)
        ids: list[str] = self._transport.send("/v1/events", content, headers)["ids"]
        return ids

    def listeners(
        self, *, event: str | None = None, owner: str | None = None, search: str | None = None
    ) -> Iterator[Told]:
        """Yield listeners by id: all, those of an event pattern or an owner, or with a text."""
        return self.pages("/v1/listeners", event=event, owner=owner, search=search)

    def listener(self, listener_id: str) -> Told:
        """Get one. Raises NotFound."""
        return self._told("GET", listener_path(listener_id))

    def create_listener(self, url: str, event: str, **fields: Any) -> Told:
        """Add one; its signing `secret` is told this once."""
        return self._told("POST", "/v1/listeners", {"url": url, "event": event, **fields})

    def update_listener(self, listener_id: str, **fields: Any) -> Told:
        """Change the fields that are given; of a policy, those that it names. Raises NotFound."""
        return self._told("PATCH", listener_path(listener_id), fields)

    def pause_listener(self, listener_id: str) -> Told:
        """Let what one wants rest in its queue. Raises NotFound."""
        return self._told("POST", listener_path(listener_id, "pause"))

    def resume_listener(self, listener_id: str) -> Told:
        """Have it delivered again. Raises NotFound."""
        return self._told("POST", listener_path(listener_id, "resume"))

    def remove_listener(self, listener_id: str) -> None:
        """Remove one with what is queued for it. Raises NotFound."""
        self.call("DELETE", listener_path(listener_id))

    def rotate_secret(self, listener_id: str, **how: Any) -> str:
        """Give one a new secret and return it; the old ones go on signing for `overlap_s`."""
        told = self._told("POST", listener_path(listener_id, "rotate-secret"), how)
        return str(told["secret"])

    def events(self, *, pattern: str = "#", most: int | None = None) -> Iterator[Told]:
        """Yield the events of the archive, the newest first, at most so many."""
        return self.pages("/v1/events", most=most, pattern=pattern)

    def attempts(self, *, most: int | None = None, **wanted: Any) -> Iterator[Told]:
        """Yield attempts, the newest first: those of a `listener`, an `event`, `since`, ..."""
        return self.pages("/v1/attempts", most=most, **wanted)

    def explain(self, event_id: str, **asked: Any) -> Told:
        """Tell why a `listener`, or all, got an event or did not. Raises NotFound.

        All are asked part by part, and told of together.
        """
        asked |= {"event": event_id, "limit": PAGE}
        told = self._told("GET", "/v1/explain", **asked)
        while (cursor := told["next"]) is not None:
            part = self._told("GET", "/v1/explain", **asked, cursor=cursor)
            told["listeners"] += part["listeners"]
            told["others"] = dict(Counter(told["others"]) + Counter(part["others"]))
            told["next"] = part["next"]
        return told

    def stats(self, *, window_s: int = 3600) -> Told:
        """How everything fares, over so many seconds up to now."""
        return self._told("GET", "/v1/stats", window_s=window_s)

    def listener_stats(self, ids: Collection[str], *, window_s: int = 3600) -> list[Told]:
        """How some listeners fare, at most a hundred."""
        told = self._told("GET", "/v1/stats/listeners", listener=list(ids), window_s=window_s)
        found: list[Told] = told["items"]
        return found

    def begin(self, path: str, body: Mapping[str, Any] | None = None) -> Told:
        """Begin something long, such as `/v1/listeners/joe/dead-letters/replay`: a job."""
        return self._told("POST", path, None if body is None else dict(body))

    def stop_job(self, job_id: str) -> Told:
        """Ask that one be stopped. Raises NotFound."""
        return self._told("POST", f"/v1/jobs/{escaped(job_id)}/stop")

    def follow(self, job: Told, progress: Progress | None = None) -> Any:
        """Wait until a job has ended, and return what came of it.

        Raises JobFailed when it failed, or its process is gone.
        """
        while job["state"] == "running":
            self._pause.wait(LOOK_S)
            job = self._told("GET", f"/v1/jobs/{escaped(job['id'])}")
            if progress is not None:
                progress(job["done"], job["total"])
        if job["state"] in ("failed", "lost"):
            raise JobFailed(job["id"], job["failure"])
        return job["result"]

    def close(self) -> None:
        """Close its connections. Harmless twice."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _told(self, method: str, path: str, body: Any = None, **params: Any) -> Told:
        told: Told = self.call(method, path, body, **params)
        return told


def listener_path(listener_id: str, *rest: str) -> str:
    """The path of a listener, or of something below it."""
    return "/".join(("/v1/listeners", escaped(listener_id), *rest))
