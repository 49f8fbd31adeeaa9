"""Is it alive, is it ready, how much waits, how is it set, what has it done."""

import time
from typing import Any

import psutil
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from batch_worker.deps import KeyedRoute, Provided
from batch_worker.errors import REPLIES, reply
from shared.errors import Busy, SvenskaError

router = APIRouter(tags=["operation"])
keyed = APIRouter(route_class=KeyedRoute, tags=["operation"], responses={401: REPLIES[401]})


@router.get("/health")
async def health(services: Provided) -> dict[str, Any]:
    """Tell that the process is alive."""
    return {
        "status": "ok",
        "memory_usage": psutil.Process().memory_info().rss,
        "uptime": round(time.monotonic() - services.started_at, 3),
    }


@router.get("/ready", responses={503: REPLIES[503]})
async def ready(services: Provided) -> Response:
    """Tell whether jobs are taken and worked on."""
    if services.draining.is_set():
        return reply(Busy("The service is stopping.", retry_after=5))
    try:
        await services.store.ping()
    except SvenskaError as error:
        return reply(Busy(error.message, retry_after=5))
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response)
async def metrics(services: Provided) -> Response:
    """Return the counters for Prometheus."""
    services.metrics.jobs(await services.store.counts())
    return Response(services.metrics.page(), media_type=CONTENT_TYPE_LATEST)


@keyed.get("/queue/stats")
async def queue_stats(services: Provided) -> dict[str, Any]:
    """Tell how much waits and runs."""
    counts = await services.store.counts()
    oldest = counts.oldest_queued_at
    return {
        "queue_length": counts.queued,
        "running": counts.running,
        "completed": counts.completed,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "oldest_queued_seconds": None if oldest is None else round(max(0.0, time.time() - oldest), 3),
        "max_concurrent_jobs": services.concurrency,
        "backend": "sqlite",
        "healthy": not services.draining.is_set(),
    }


@keyed.get("/config")
async def config(services: Provided) -> dict[str, Any]:
    """Return the settings in force, secrets masked."""
    return services.config
