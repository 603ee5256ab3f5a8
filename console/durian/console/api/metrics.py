"""`/metrics`: what Prometheus scrapes of this process, with a token that may read everything."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from durian.console.api.access import METRICS_PATH, Reader

router = APIRouter(tags=["metrics"])


@router.get(
    METRICS_PATH,
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(caller: Reader, accept: Annotated[str, Header()] = "") -> Response:
    """Tell all metrics, in the text format of Prometheus or as OpenMetrics."""
    caller.refuse_owned("Metrics")
    content_type, text = caller.services.exposition.render(accept)
    return Response(text, headers={"content-type": content_type})
