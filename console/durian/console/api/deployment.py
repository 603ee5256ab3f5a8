"""`/v1/deployment`: which registry and broker a server works on."""

from __future__ import annotations

from fastapi import APIRouter

from durian.console.api.access import Admin
from durian.console.deployment import EMBEDDED, Deployment
from durian.console.logs import hide_secrets

router = APIRouter(prefix="/deployment", tags=["deployment"])


@router.get("")
def get_deployment(caller: Admin) -> Deployment:
    """Get which registry and broker this server works on."""
    settings = caller.services.settings
    return Deployment(
        registry=caller.store.where(),
        registry_id=caller.store.identity(),
        broker=hide_secrets(settings.broker_url) or EMBEDDED,
        allowed_networks=settings.allowed_networks,
    )
