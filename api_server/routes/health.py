"""Is it alive, is it ready, how is it set, what has it done."""

import time
from typing import Any

import psutil
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from api_server.deps import KeyedRoute, Provided
from api_server.engine.probe import fault
from api_server.errors import REPLIES

router = APIRouter(tags=["operation"])
keyed = APIRouter(route_class=KeyedRoute, tags=["operation"], responses={401: REPLIES[401]})

_DEMONSTRATION = (
    "The bundled model is for demonstration and tests. For people's speech set WHISPER_MODEL=KBLab/kb-whisper-small."
)


@router.get("/health")
async def health(request: Request, services: Provided) -> dict[str, Any]:
    """Tell that the process is alive, and what it serves."""
    info = services.models.resident.transcriber.info
    return {
        "status": "ok",
        "whisper_model": info.name,
        "device": info.device,
        "compute_type": info.compute_type,
        "connected_clients": request.app.state.streams.connected,
        "memory_usage": psutil.Process().memory_info().rss,
        "uptime": round(time.monotonic() - services.started_at, 3),
        **({"notice": _DEMONSTRATION} if info.demonstration else {}),
    }


@router.get("/ready", responses={503: REPLIES[503]})
async def ready(services: Provided) -> Response:
    """Tell whether every lane has really decoded something lately."""
    if (reason := fault(services.probes)) is not None:
        error = {"error": {"code": "model_loading", "message": reason}}
        return JSONResponse(error, 503, {"Retry-After": "1"})
    return JSONResponse({"status": "ready", "lanes": [probe.lane.name for probe in services.probes]})


@router.get("/metrics", response_class=Response)
async def metrics(services: Provided) -> Response:
    """Return the counters for Prometheus."""
    for probe in services.probes:
        services.metrics.lane(probe.lane.name, probe.lane.load())
    return Response(services.metrics.page(), media_type=CONTENT_TYPE_LATEST)


@keyed.get("/config")
async def config(services: Provided) -> dict[str, Any]:
    """Return the settings in force, secrets masked."""
    return services.config
