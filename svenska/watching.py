"""Following a job to its end, across broken connections and restarts of the service."""

import time
from collections.abc import Callable, Iterator

from svenska.client import Document, Event, Service
from svenska.exits import Exit, Failure

OVER = frozenset({"completed", "failed", "cancelled"})
_TRIES = 20
_PAUSES = (0.5, 1.0, 2.0, 5.0)
"""Seconds before each try to come back, the last for all further ones."""


def follow(
    service: Service,
    job_id: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[Failure], None] = lambda _failure: None,
) -> Iterator[Event]:
    """Yield a job's events until it is over; a connection that breaks is made again, and `tell` hears of it.

    Raises `Failure` where there is no such job, or the service stays away.
    """
    last, lost = "", 0
    while True:
        try:
            for event in _events(service, job_id, last):
                last, lost = event.id or last, 0
                yield event
                if _ends(event):
                    return
            lost += 1  # the service closed the stream in order
        except Failure as failure:
            lost += 1
            if failure.exit_code is not Exit.UNREACHABLE or lost > _TRIES:
                raise
            tell(failure)
        sleep(_PAUSES[min(lost, len(_PAUSES)) - 1])


def progress_of(event: Event) -> float | None:
    """Return how far the job is, 0 to 1, where the event says so."""
    percent = event.data.get("progress")
    return min(1.0, max(0.0, float(percent) / 100)) if isinstance(percent, int | float) else None


def stage_of(event: Event) -> str:
    """Return what is being done, where the event says so."""
    stage = event.data.get("name") if event.name == "stage" else event.data.get("stage")
    return stage if isinstance(stage, str) else ""


def state(service: Service, job_id: str) -> Document:
    """Return a job without its result."""
    return service.call("GET", f"/jobs/{job_id}", params={"include_result": "false"})


def _events(service: Service, job_id: str, last: str) -> Iterator[Event]:
    headers = {"Last-Event-ID": last} if last else {}
    with service.events("GET", f"/jobs/{job_id}/events", headers=headers) as events:
        yield from events


def _ends(event: Event) -> bool:
    # A stage has a status of its own, which is no news of the job's end.
    return event.name in OVER or (event.name == "status" and event.data.get("status") in OVER)
