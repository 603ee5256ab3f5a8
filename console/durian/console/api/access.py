"""Who asks, and what they may: every path below /v1, and /metrics, needs a token with a scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import structlog
from fastapi import Security
from fastapi.security import HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from durian.console.api import problem
from durian.console.api.body import again, read
from durian.console.api.gatekeeper import Gatekeeper
from durian.console.api.services import Services
from durian.console.operations.operation import Context
from durian.errors import (
    DurianError,
    NotAllowed,
    NotAuthenticated,
    Overloaded,
    RegistryError,
)
from durian.events import CAPS
from durian.registry.principal import Principal
from durian.registry.store import Store
from durian.registry.token import Token

_log = structlog.get_logger("durian.console")

#: Requests that may be in hand at once: with bodies of the largest size they take 1 GiB. Whoever
#: comes beyond is asked to come again.
MOST_REQUESTS = 256

_FEWER = "Try again in a few seconds, with fewer requests at once; a batch holds 1,000 events."

#: What every path begins with that needs a token.
GUARDED: Final = "/v1/"

#: Another path that does: Prometheus looks for it there.
METRICS_PATH: Final = "/metrics"

#: The one below it that does not: it holds no more than the code does.
OPENAPI_PATH: Final = "/v1/openapi.json"

_bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="durian_...",
    description="An API token; `durian tokens create` makes one.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever makes a request."""

    token: Token
    #: The registry as they have it: in their name, and with no listeners but their owner's.
    store: Store
    services: Services

    def context(self) -> Context:
        """What operations work on, for whoever asks."""
        services = self.services
        return Context(broker=services.broker, names=services.names, store=self.store)

    @property
    def owner(self) -> str | None:
        """Whose listeners they see; None: everybody's."""
        return self.token.owner

    def refuse_owned(self, what: str) -> None:
        """Raise NotAllowed for what is the whole deployment's, when they are bound to an owner."""
        if self.owner is not None:
            raise NotAllowed(f"{what} are the whole deployment's; this token is bound to an owner.")


class Gate:
    """Lets nobody below /v1 without a token that is valid (an ASGI middleware)."""

    def __init__(self, app: ASGIApp, *, gatekeeper: Gatekeeper, services: Services) -> None:
        self._app = app
        self._gatekeeper = gatekeeper
        self._services = services
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller, or answer why not."""
        if scope["type"] != "http" or not is_guarded(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller_of(Request(scope))
            if self._in_hand >= MOST_REQUESTS:
                raise Overloaded(hint=_FEWER)
        except DurianError as error:
            await problem.answer(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        self._in_hand += 1
        try:
            await self._let_in(scope, receive, send)
        finally:
            self._in_hand -= 1

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read(Request(scope, receive), CAPS.document_bytes)
        except DurianError as error:
            await problem.answer(error)(scope, receive, send)
        else:
            await self._app(scope, again(body, receive), send)

    async def _caller_of(self, request: Request) -> Caller:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise NotAuthenticated("There is no token.")
        gatekeeper = self._gatekeeper
        token = gatekeeper.recall(text) or await run_in_threadpool(gatekeeper.find, text)
        if token is None:
            raise NotAuthenticated("The token is not valid: it is unknown, expired or revoked.")
        gatekeeper.admit(text)
        if gatekeeper.is_worth_noting(text):
            await run_in_threadpool(self._note_use, token)
        principal = Principal(name=f"token {token.id}", owner=token.owner)
        store = self._services.store.on_behalf(principal)
        return Caller(token=token, store=store, services=self._services)

    def _note_use(self, token: Token) -> None:
        try:
            self._services.store.use_token(token.id)
        except RegistryError as error:
            _log.warning("token.use_unnoted", id=token.id, error=str(error))


def is_guarded(path: str) -> bool:
    """Tell whether a path needs a token."""
    return (path.startswith(GUARDED) and path != OPENAPI_PATH) or path == METRICS_PATH


def caller_of(request: Request) -> Caller:
    """Return whoever makes a request. Raises NotAuthenticated."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise NotAuthenticated("There is no token.")
    return caller


async def _authorize(
    request: Request, needed: SecurityScopes, _: Annotated[object, Security(_bearer)]
) -> Caller:
    """Return whoever makes a request, if their token has the scopes that a route needs."""
    caller = caller_of(request)
    missing = [scope for scope in needed.scopes if scope not in caller.token.allowed]
    if missing:
        raise NotAllowed(f"The token lacks the scope {missing[0]}.")
    return caller


#: Of a route that needs any valid token.
Anyone = Annotated[Caller, Security(_authorize)]

#: Of a route that needs the scope of its name.
Publisher = Annotated[Caller, Security(_authorize, scopes=["publish"])]
Reader = Annotated[Caller, Security(_authorize, scopes=["read"])]
Manager = Annotated[Caller, Security(_authorize, scopes=["manage"])]
Replayer = Annotated[Caller, Security(_authorize, scopes=["replay"])]
Admin = Annotated[Caller, Security(_authorize, scopes=["admin"])]
