"""How far a job is and how long it will take, from what was measured on this machine; pure."""

from collections.abc import Mapping, Sequence

from batch_worker.jobs.model import Cost, Job, Status

WHOLE_JOB = "job"
"""Under this name the store keeps what whole jobs have taken; its `audio` counts jobs."""
_ENOUGH = 0.05
"""Share of a job after which its own speed says more than that of others."""


def weights(stages: Sequence[tuple[str, float]], costs: Mapping[str, Cost]) -> dict[str, float]:
    """Return each stage's share of a job's work, 0 to 1, from measured costs or, before any, the first guess given."""
    raw = {
        name: max(1e-9, costs[name].seconds / costs[name].audio if name in costs and costs[name].audio else guess)
        for name, guess in stages
    }
    total = sum(raw.values()) or 1.0
    return {name: cost / total for name, cost in raw.items()}


def eta_seconds(job: Job, costs: Mapping[str, Cost], *, now: float, concurrency: int) -> float | None:
    """Return the seconds until a job is over, None where nothing is known yet."""
    whole = costs.get(WHOLE_JOB)
    usual = whole.seconds / whole.audio if whole and whole.audio else None
    if job.status is Status.RUNNING and job.resumed_at is not None:
        gained = job.progress - job.resumed_from
        if gained >= _ENOUGH:
            return max(0.0, (now - job.resumed_at) / gained * (1 - job.progress))
        return None if usual is None else max(0.0, usual * (1 - job.progress))
    if job.status is Status.QUEUED and usual is not None:
        return usual * ((job.ahead or 0) // concurrency + 1)
    return None
