"""The stage that has doubtful passages heard again: what a cancellation leaves behind."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from batch_worker.pipeline.base import Context
from batch_worker.pipeline.draft import Doubt, Draft
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.stages.retry import Retry
from tests import clips
from tests.unit.shared.values import segment, transcript


async def test_a_cancelled_job_leaves_no_excerpts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that still writes them is told to stop, and waited for, before their folder goes."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    begun, go = threading.Event(), threading.Event()

    def asked() -> bool:
        begun.set()
        go.wait(10)
        return False

    said = replace(transcript(segment()), duration=3.0)
    draft = Draft(transcript=said, doubts=(Doubt(segment=0, confidence=0.1, reason="low_probability"),))
    where = Context(job_id="j", recording=clips.clip("tid").path, language=None, options=JobOptions(), cancelled=asked)
    stage = Retry(asr=None, patience=Patience(), threshold=0.5, large=False)  # type: ignore[arg-type]
    work = asyncio.create_task(stage.run(draft, where))
    await asyncio.to_thread(begun.wait, 10)
    work.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not work.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert list(tmp_path.iterdir()) == []
