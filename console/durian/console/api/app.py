"""The application: every route, and what stands before and behind all of them."""

from __future__ import annotations

import time
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from durian.console import inbound
from durian.console.api import (
    asides,
    audit,
    dead_letters,
    deliveries,
    deployment,
    events,
    explain,
    filters,
    health,
    hooks,
    jobs,
    listeners,
    metrics,
    openapi,
    parameters,
    portal_links,
    problem,
    replays,
    sources,
    stats,
    test_event,
    tokens,
)
from durian.console.api.access import GUARDED, OPENAPI_PATH, Gate
from durian.console.api.gatekeeper import Gatekeeper
from durian.console.api.head import HeadAsGet
from durian.console.api.measured import Measured
from durian.console.api.once import Once
from durian.console.api.services import Services
from durian.console.inbound import KnownSources
from durian.console.pages import app as pages

#: The modules of the resources below /v1.
_RESOURCES = (
    hooks,
    listeners,
    test_event,
    filters,
    events,
    explain,
    deliveries,
    dead_letters,
    replays,
    asides,
    stats,
    jobs,
    sources,
    tokens,
    portal_links,
    audit,
    deployment,
)


def build(services: Services) -> FastAPI:
    """Make the application of an open house."""
    app = FastAPI(
        title="Durian",
        version=version("durian"),
        description=openapi.DESCRIPTION,
        # FastAPI's own route would make the document on the loop, which takes a while, and its
        # pages load scripts from elsewhere.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # It would lead to the scheme that this process sees, which behind a proxy is plain http.
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        exception_handlers=dict(problem.HANDLERS),
    )
    app.state.services = services
    gatekeeper = Gatekeeper(
        services.store,
        local_token=services.local_token,
        rate_per_s=services.rate_per_s,
        monotonic=time.monotonic,
    )
    # The last one added is asked first: without a token nothing is looked at, but all is counted.
    app.add_middleware(Once)
    app.add_middleware(Gate, gatekeeper=gatekeeper, services=services)
    app.add_middleware(Measured, measures=services.http)
    app.add_middleware(HeadAsGet)
    known = [Depends(parameters.refuse_unknown)]
    api = APIRouter(prefix=GUARDED.rstrip("/"), dependencies=known)
    for resource in _RESOURCES:
        api.include_router(resource.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.get(OPENAPI_PATH, include_in_schema=False)(openapi.route(app))
    webhooks = inbound.route(services.publish, KnownSources(lambda: services.store))
    app.add_route(webhooks.path, webhooks.endpoint, methods=["POST"], include_in_schema=False)
    app.router.routes += pages.build(services, gatekeeper)
    return app


def _operation_id(route: APIRoute) -> str:
    """Name an operation as its function: generated clients have methods of these names."""
    return route.name
