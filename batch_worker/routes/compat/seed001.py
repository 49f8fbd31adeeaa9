"""`POST /transcribe/`, `/task/{task_id}`, `/queue/status`, `WS /ws/{task_id}`: a queue of tasks.

The same system's direct service is `api_server.routes.compat.seed001`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response, WebSocket
from fastapi.responses import JSONResponse

from batch_worker.deps import KeyedRoute, Provided
from batch_worker.errors import REPLIES
from batch_worker.jobs.model import Status
from batch_worker.jobs.watching import Told
from batch_worker.routes import events, jobs
from batch_worker.routes.compat import earlier, seed003
from shared.errors import Conflict

router = APIRouter(route_class=KeyedRoute, tags=["compat"], responses=REPLIES)
open_router = APIRouter()

_TIMES = ("created_at", "started_at", "completed_at")


@router.post("/transcribe/")
async def submit(
    services: Provided, form: Annotated[seed003.Recording, Form(media_type="multipart/form-data")]
) -> Response:
    """Put a recording into the queue."""
    wishes, notice = await seed003.wished(services, form)
    job = await jobs.accept(services, seed003.native(form, wishes))
    document = await services.described(job)
    return JSONResponse(_task(document) | {"message": earlier.message(document) + notice})


@router.get("/task/{task_id}")
async def task(services: Provided, task_id: jobs.JobId) -> Response:
    """Return how far a task is, and its result once it is completed."""
    job = await jobs.known(services, task_id)
    return await jobs.with_result(services, job, _task(await services.described(job)))


@router.delete("/task/{task_id}")
async def cancel(services: Provided, task_id: jobs.JobId) -> dict[str, Any]:
    """Cancel a task that waits or is worked on; what is over stays. Raises `Conflict` for that."""
    job = await jobs.known(services, task_id)
    if job.status.over:
        raise Conflict(f"The task is {job.status}; there is nothing to cancel. DELETE /jobs/{job.id} removes it.")
    await jobs.remove(services, task_id)
    return _task(await services.described(await jobs.known(services, task_id)))


@router.get("/queue/status")
async def queue_status(services: Provided) -> dict[str, Any]:
    """Tell how much waits and is worked on."""
    counts = await services.store.counts()
    return {
        "status": "stopping" if services.draining.is_set() else "running",
        "queue_size": counts.queued,
        "processing": counts.running,
        "completed": counts.completed,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
    }


@open_router.websocket("/ws/{task_id}")
async def updates(websocket: WebSocket, task_id: str) -> None:
    """Send every update of a task with its progress, status and message, the present ones first."""
    await events.relay(websocket, task_id, Updates(task_id))


class Updates:
    """Writes the events of one task; each one says everything, since its readers look at nothing else."""

    def __init__(self, task_id: str) -> None:
        """Know nothing of the task yet."""
        self._task_id = task_id
        self._known: dict[str, Any] = {"status": Status.QUEUED, "progress": 0}

    def __call__(self, told: Told) -> dict[str, Any]:
        """Return the message for an event."""
        self._known |= _news(told)
        said = {
            "progress": self._known["progress"],
            "status": earlier.word(self._known["status"]),
            "message": earlier.message(self._known),
        }
        return {"type": told.type or "ping", "task_id": self._task_id, "data": said}


def _news(told: Told) -> dict[str, Any]:
    """Return what an event says of its task; a stage's own status is not the task's."""
    data = told.data or {}
    if told.type == "stage":
        return {"stage": data["name"]}
    return {} if told.type == "segment" else data


def _task(job: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": job["job_id"],
        "status": earlier.word(job["status"]),
        "progress": job["progress"],
        "message": earlier.message(job),
        "queue_position": job["position"],
        "estimated_seconds": job["eta_seconds"],
        "filename": job["filename"],
        **{name: job[name] for name in _TIMES},
        "error": job["error"],
    }
