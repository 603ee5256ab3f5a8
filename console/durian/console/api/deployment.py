"""`/v1/deployment`: which registry and broker a server works on."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter

from durian.console.api.access import Admin
from durian.console.deployment import EMBEDDED, Deployment

router = APIRouter(prefix="/deployment", tags=["deployment"])


@router.get("")
def get_deployment(caller: Admin) -> Deployment:
    """Get which registry and broker this server works on."""
    settings = caller.services.settings
    return Deployment(
        registry=caller.store.where(),
        registry_id=caller.store.identity(),
        broker=_place_of(settings.broker_url) or EMBEDDED,
        allowed_networks=settings.allowed_networks,
    )


def _place_of(broker_url: str) -> str:
    """Where RabbitMQ is; nothing else of a URL is told, for it may be a secret."""
    urls = (urlsplit(url.strip()) for url in broker_url.split(";") if url.strip())
    return ";".join(f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}" for url in urls)
