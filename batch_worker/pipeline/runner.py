"""Runs the stages of one job, each result made safe before the next begins."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import structlog

from batch_worker.pipeline.base import Context, LeaseLost, Outcome, Stage
from batch_worker.pipeline.draft import Draft
from shared.errors import Cancelled, Internal, SvenskaError
from shared.transcript import Notice

StageStatus = Literal["pending", "running", "completed", "skipped", "failed"]
log = structlog.stdlib.get_logger("pipeline")


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecord:
    """What became of one stage of one job."""

    name: str
    """As in `build.ORDER`."""
    status: StageStatus
    seconds: float = 0.0
    """Wall time."""
    detail: dict[str, Any] = field(default_factory=dict)
    """The stage's own figures, or `{"code": …}` of its failure."""


def standing(stages: Sequence[str], records: Iterable[StageRecord]) -> tuple[StageRecord, ...]:
    """Return the records that stand when the work on `stages` is taken up again from the first unfinished one.

    What was completed after it was made from a draft without it: spans of personal data, say, that have their places
    in a text which is about to change.
    """
    known = {record.name: record for record in records}
    done = {name for name, record in known.items() if record.status in {"completed", "skipped"}}
    first = next((place for place, name in enumerate(stages) if name not in done), len(stages))
    kept = {*stages[:first], *(name for name, record in known.items() if record.status == "skipped")}
    return tuple(record for name, record in known.items() if name in kept)


class Recorder(Protocol):
    """Where the runner's steps become durable; every method raises `LeaseLost` when the job is somebody else's."""

    async def started(self, stage: str) -> None:
        """A stage begins."""

    async def finished(self, record: StageRecord, draft: Draft) -> None:
        """A stage has ended with this draft; returns once both are safe."""


async def run_stages(
    stages: Sequence[Stage],
    draft: Draft,
    *,
    finished: Iterable[str],
    context: Callable[[Stage], Context],
    recorder: Recorder,
    clock: Callable[[], float] = time.monotonic,
) -> Draft:
    """Run what is not in `finished`, in order, and return the last draft.

    The failure of an optional stage becomes a warning; that of any other is raised as `SvenskaError`.
    """
    done = set(finished)
    for stage in stages:
        if stage.name in done:
            continue
        await recorder.started(stage.name)
        began = clock()
        outcome, status = await _supervised(stage, stage.run(draft, context(stage)), draft)
        draft = outcome.draft
        record = StageRecord(name=stage.name, status=status, seconds=round(clock() - began, 3), detail=outcome.detail)
        await recorder.finished(record, draft)
    return draft


async def _supervised(
    stage: Stage, work: Awaitable[Outcome], before: Draft
) -> tuple[Outcome, Literal["completed", "failed"]]:
    # The one place where anything that a stage may throw is caught: a stage is the part that others write.
    try:
        return await work, "completed"
    except (LeaseLost, Cancelled):
        raise
    except SvenskaError as fault:
        error = fault
    except Exception:
        log.exception("stage failed", stage=stage.name)
        error = Internal(f"The stage {stage.name} failed in a way that it did not expect; the log has the reason.")
    if not stage.optional:
        raise error
    log.warning("optional stage failed", stage=stage.name, code=error.code)
    notice = Notice(stage=stage.name, code=error.code, message=error.message)
    return Outcome(draft=before.warn(notice), detail={"code": error.code}), "failed"
