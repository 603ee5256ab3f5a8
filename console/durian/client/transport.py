"""Requests to the API, made again where that is safe; the only place that knows `requests`."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from durian.client.loopback import is_local
from durian.client.problem import error_of
from durian.client.unreached import why
from durian.errors import (
    BrokerUnavailable,
    DurianError,
    InvalidSettings,
    Overloaded,
    RateLimited,
    RegistryUnavailable,
    ServerSilent,
    ServerUnavailable,
    UnderWay,
)

#: Seconds to wait for a connection, and for an answer: longer than the server waits for a confirm.
CONNECT_S = 5.0
ANSWER_S = 60.0

#: Times that a request is made at most.
ATTEMPTS = 3

#: Seconds that are waited at most because a server asks for it.
_LONGEST_WAIT_S = 10.0

#: Items of a list that are asked for at once: as many as the server gives.
PAGE = 500

#: What may go away by itself.
_PASSING = (BrokerUnavailable, RegistryUnavailable, Overloaded, RateLimited, UnderWay)

_SAFE: Final = frozenset({"GET"})

_jitter = wait_random_exponential(multiplier=0.2, max=2.0)


class Transport:
    """Requests to one server with one token. Safe to share by threads; close it when done."""

    def __init__(
        self, server: str, token: str, *, attempts: int = ATTEMPTS, answer_s: float = ANSWER_S
    ) -> None:
        self._base = _checked(server)
        self._timeout = (min(CONNECT_S, answer_s), answer_s)
        self._session = requests.Session()
        # To this machine straight: a proxy would read the token, and ask its own machine.
        is_near = is_local(urlsplit(server).hostname or "")
        self._proxies = {"no_proxy": "*"} if is_near else None
        # Not as a plain header: one of ~/.netrc would take its place.
        self._session.auth = _Bearer(token)
        self._closing = threading.Event()
        self._retrying = Retrying(
            retry=retry_if_exception_type(_PASSING),
            stop=stop_after_attempt(attempts) | stop_when_event_set(self._closing),
            wait=_wait,
            sleep=sleep_using_event(self._closing),
            reraise=True,
        )

    def close(self) -> None:
        """Close its connections; a request that waits to be made again is given up."""
        self._closing.set()
        self._session.close()

    def call(self, method: str, path: str, *, params: Mapping[str, Any], body: Any = None) -> Any:
        """Make a request, again if it is in vain; what changes something has an idempotency key.

        Raises the error that the server tells of, or ServerUnavailable.
        """
        headers = {} if method in _SAFE else {"Idempotency-Key": str(uuid.uuid4())}
        sent = {"params": _texts(params), "json": body, "headers": headers}
        return self._retrying(self._request, method, path, sent)

    def send(self, path: str, content: bytes, headers: Mapping[str, str]) -> Any:
        """Post bytes once. Raises as `call` does."""
        return self._request("POST", path, {"data": content, "headers": dict(headers)})

    def pages(self, path: str, *, most: int | None, **params: Any) -> Iterator[Any]:
        """Yield the items of a list, page by page, and at most so many."""
        cursor: str | None = None
        left = most
        while left is None or left > 0:
            asked = params | {
                "cursor": cursor,
                "limit": PAGE if left is None else min(PAGE, left),
            }
            page = self.call("GET", path, params=asked)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return
            left = None if left is None else left - len(page["items"])

    def _request(self, method: str, path: str, sent: Mapping[str, Any]) -> Any:
        try:
            response = self._session.request(
                method,
                f"{self._base}{path}",
                timeout=self._timeout,
                # A token is shown to nobody but the server that was named.
                allow_redirects=False,
                proxies=self._proxies,
                **sent,
            )
        except requests.RequestException as exc:
            kind = ServerSilent if isinstance(exc, requests.Timeout) else ServerUnavailable
            raise kind(f"No Durian answers at {self._base}: {_reason(exc)}.") from exc
        if not response.ok or response.is_redirect:
            raise error_of(response.status_code, response.content, _retry_after(response))
        return self._parsed(response) if response.content else None

    def _parsed(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except requests.JSONDecodeError as exc:
            message = f"{self._base} answers no JSON."
            raise DurianError(message, hint="Is it a Durian? See DURIAN_SERVER.") from exc


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def escaped(part: str) -> str:
    """Write a name as a part of a path."""
    return quote(part, safe="")


def _checked(server: str) -> str:
    """Read where the server is. Raises InvalidSettings."""
    hint = "Write it as https://durian.example."
    try:
        parts = urlsplit(server)
        _ = parts.port  # reading it checks it
    except ValueError as exc:
        raise InvalidSettings("DURIAN_SERVER", "is no URL", hint=hint) from exc
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSettings("DURIAN_SERVER", "must begin with https:// or http://", hint=hint)
    if "@" in parts.netloc or parts.query or parts.fragment:
        reason = "must name a host and nothing secret: the token goes to DURIAN_TOKEN"
        raise InvalidSettings("DURIAN_SERVER", reason, hint=hint)
    return server.rstrip("/")


def _texts(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _reason(exc: requests.RequestException) -> str:
    """What went wrong, without the wrappings of the libraries below."""
    cause: BaseException = exc
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return why(cause).rstrip(".")


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return min(error.retry_after_s, _LONGEST_WAIT_S)
    return _jitter(state)
