"""The diarization stage with a child that fails in every way, and with pyannote where it is installed."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_worker.pipeline.base import Context
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.runner import StageRecord, run_stages
from batch_worker.pipeline.speakers import faults
from batch_worker.pipeline.speakers.messages import Request, request_line
from batch_worker.pipeline.speakers.process import Listener, ListenerOptions
from batch_worker.pipeline.stages.diarization import Diarization
from shared.transcript import Transcript, join_text
from tests import clips
from tests.unit.batch_worker.pipeline.test_itn import segment, spoken

ROOT = Path(__file__).parents[2]
CHILD = """
import json, os, signal, sys, time
request = json.loads(sys.stdin.readline())
with open(sys.argv[1], "a") as seen:
    seen.write(json.dumps({**request, "pid": os.getpid(), "environment": dict(os.environ)}) + "\\n")

def say(kind, **fields):
    print(json.dumps({"type": kind, **fields}), flush=True)

%s
"""
TURNS = """
say("Progress", fraction=0.5)
say("Spoke", turn={"start": 0.0, "end": 1.8, "speaker": "x"})
say("Spoke", turn={"start": 1.8, "end": 99.0, "speaker": "y"})
say("Done", duration=4.0)
"""
TEXT = "Hej du. Hej själv."


class Fake:
    """A child that does as it is told, and what it was asked."""

    def __init__(self, folder: Path, does: str) -> None:
        script, self._seen = folder / "child.py", folder / "seen.jsonl"
        script.write_text(CHILD % does, encoding="utf-8")
        self.command = (sys.executable, str(script), str(self._seen))

    @property
    def seen(self) -> list[dict]:
        """The requests, with the child's process id and environment."""
        if not self._seen.exists():
            return []
        return [json.loads(line) for line in self._seen.read_text(encoding="utf-8").splitlines()]


def stage(command: tuple[str, ...], *, waits: list[float] | None = None, **options: object) -> Diarization:
    """Return the stage with a child of the tests; it never really waits between tries."""

    async def sleep(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    listener = Listener(ListenerOptions(**{"model": "m", **options}), command)
    return Diarization(listener, Patience(retries=2, backoff=1.0), sleep=sleep)


def draft(text: str = TEXT) -> Draft:
    """Return one segment of a word a second."""
    segments = (segment(text, spoken(text), end=4.0),) if text else ()
    return Draft(
        transcript=Transcript(
            text=join_text(segments), language="sv", language_probability=1.0, duration=4.0, duration_after_vad=4.0,
            model="x", processing_seconds=0.0, queue_seconds=0.0, segments=segments,
        )
    )  # fmt: skip


def context(**more: object) -> Context:
    """Return the context of a job with a clip."""
    return Context(
        **{"job_id": "j", "recording": clips.clip("tid").path, "language": None, "options": JobOptions(), **more}
    )


class Notes:
    """Implements `Recorder` in memory."""

    def __init__(self) -> None:
        self.records: list[StageRecord] = []

    async def started(self, _stage: str) -> None:
        """A stage begins."""

    async def finished(self, record: StageRecord, _draft: Draft) -> None:
        """A stage has ended."""
        self.records.append(record)


def result(of: Diarization, where: Context | None = None, given: Draft | None = None) -> Draft:
    """Return what a job gets that runs the stage."""
    work = run_stages([of], given or draft(), finished=(), context=lambda _stage: where or context(), recorder=Notes())
    return asyncio.run(work)


def test_words_get_speakers_and_segments_are_parted(tmp_path: Path):
    """Names in order of appearance; turns beyond the audio are clamped; progress is passed on."""
    fake, told = Fake(tmp_path, TURNS), []
    done = result(stage(fake.command), context(progress=told.append))
    assert [(one.speaker, one.text) for one in done.transcript.segments] == [
        ("SPEAKER_00", "Hej du."),
        ("SPEAKER_01", "Hej själv."),
    ]
    assert [(one.id, one.seconds, one.segments) for one in done.speakers] == [
        ("SPEAKER_00", 1.8, 1),
        ("SPEAKER_01", 2.2, 1),
    ]
    assert done.transcript.text == TEXT
    assert told == [0.5]
    assert done.warnings == ()


def test_options_and_token_reach_the_child_and_no_other_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The token goes over the pipe: neither the arguments nor the environment show it, nor any other key."""
    monkeypatch.setenv("API_KEYS", "geheim")
    monkeypatch.setenv("HF_TOKEN", "geheim")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fake = Fake(tmp_path, TURNS)
    where = context(options=JobOptions(min_speakers=2, max_speakers=3))
    result(stage(fake.command, token="hf_x", threads=2, memory_mb=900), where)
    (seen,) = fake.seen
    assert (seen["min_speakers"], seen["max_speakers"], seen["token"]) == (2, 3, "hf_x")
    assert (seen["threads"], seen["memory_mb"], seen["parent"]) == (2, 900, os.getpid())
    assert seen["environment"]["HF_HUB_OFFLINE"] == "1"
    assert seen["environment"]["PYANNOTE_METRICS_ENABLED"] == "0"
    assert not [name for name, value in seen["environment"].items() if "geheim" in value or "hf_x" in value]


@pytest.mark.parametrize(
    ("does", "code", "remedy"),
    [
        ('say("Fault", code="dependency_missing", reason="No module named torch")', "dependency_missing", "install"),
        ('say("Fault", code="model_missing", reason="r")', "model_missing", "DIARIZATION_MODEL"),
        ('say("Fault", code="model_broken", reason="r")', "model_broken", "fetch the model again"),
        ('say("Fault", code="token_refused", reason="r")', "token_refused", "HF_TOKEN"),
        ('say("Fault", code="hub_unreachable", reason="r")', "hub_unreachable", "network"),
        ('say("Fault", code="out_of_memory", reason="r")', "out_of_memory", "DIARIZATION_MEMORY_MB"),
        ('say("Fault", code="no_scratch_space", reason="r")', "no_scratch_space", "DATA_DIR"),
        ('say("Fault", code="unreadable_recording", reason="r")', "unreadable_recording", "another format"),
        ('say("Fault", code="something_new", reason="r")', "diarization_failed", "log"),
        ('say("Spoke", turn={"start": 0, "end": 1, "speaker": "x"}); sys.exit(3)', "diarization_failed", "log"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "process_killed", "memory"),
        ("os.abort()", "out_of_memory", "DIARIZATION_MEMORY_MB"),
        ('print("Traceback: not JSON")', "diarization_failed", "log"),
        ('print("[1, 2]")', "diarization_failed", "log"),
        ('sys.stdout.write("x" * 200_000); sys.stdout.flush(); time.sleep(600)', "diarization_failed", "log"),
        ("time.sleep(600)", "timeout", "DIARIZATION_TIMEOUT"),
        ('say("Progress", fraction=0.1); time.sleep(600)', "timeout", "DIARIZATION_TIMEOUT"),
    ],
)
def test_every_fault_is_a_warning_with_its_remedy(tmp_path: Path, does: str, code: str, remedy: str):
    """The job completes with all that the other stages made; no child is left."""
    fake = Fake(tmp_path, does)
    stall = 0.5 if code == "timeout" else 60.0
    done = result(stage(fake.command, memory_mb=1, stall_seconds=stall))
    (warning,) = done.warnings
    assert (warning.stage, warning.code) == ("diarization", code)
    assert remedy in warning.message
    assert str(ROOT) not in warning.message
    assert done.transcript == draft().transcript
    assert all(gone(one["pid"]) for one in fake.seen)


def gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    return state == "Z"


def test_the_hub_is_asked_again_with_patience(tmp_path: Path):
    """Three tries with a pause between them, the last one answers."""
    refusal = 'say("Fault", code="hub_unreachable", reason="r")'
    third = f"if sum(1 for _ in open(sys.argv[1])) < 3:\n    {refusal}\n    sys.exit()\n{TURNS}"
    fake, waits = Fake(tmp_path, third), []
    assert len(result(stage(fake.command, waits=waits)).speakers) == 2
    assert len(fake.seen) == 3
    assert len(waits) == 2


def test_a_program_that_is_not_there_is_a_warning():
    """An interpreter that was moved away is told like a missing package."""
    (warning,) = result(stage(("nowhere/python",))).warnings
    assert warning.code == "dependency_missing"


def test_nothing_is_started_where_nobody_listens(tmp_path: Path):
    """An empty transcript has no speakers; one without recording says why it has none."""
    fake = Fake(tmp_path, TURNS)
    assert result(stage(fake.command), given=draft("")).warnings == ()
    (warning,) = result(stage(fake.command), context(recording=None)).warnings
    assert warning.code == faults.NoRecording.code
    assert fake.seen == []


def test_cancelling_the_job_kills_the_child(tmp_path: Path):
    """However long it would have gone on."""
    fake = Fake(tmp_path, 'say("Progress", fraction=0.1); time.sleep(600)')

    async def cancelled() -> None:
        started = asyncio.Event()
        work = asyncio.create_task(stage(fake.command).run(draft(), context(progress=lambda _fraction: started.set())))
        await started.wait()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert work.cancelled()

    asyncio.run(cancelled())
    assert gone(fake.seen[0]["pid"])


def test_recordings_are_listened_to_one_at_a_time(tmp_path: Path):
    """Two jobs at once do not take twice the memory."""
    does = 'assert not os.path.exists(sys.argv[1] + ".busy")\nopen(sys.argv[1] + ".busy", "w").close()\n'
    fake = Fake(tmp_path, f'{does}time.sleep(0.05)\nos.remove(sys.argv[1] + ".busy")\n{TURNS}')

    async def both() -> list:
        one = stage(fake.command)
        return await asyncio.gather(*(one.run(draft(), context()) for _ in range(2)))

    assert [len(outcome.draft.speakers) for outcome in asyncio.run(both())] == [2, 2]
    assert len(fake.seen) == 2


# --- the real child


def child(**more: object) -> tuple[list[str], str]:
    """Return the command of the real child, and a request that no model can answer."""
    request = Request(
        **{
            "recording": str(clips.clip("tid").path), "model": "/nowhere/model", "token": None, "min_speakers": None,
            "max_speakers": None, "threads": 1, "memory_mb": 0, "scratch": ".", "parent": os.getpid(), **more,
        }
    )  # fmt: skip
    return [sys.executable, "-m", "batch_worker.pipeline.speakers.child"], request_line(request)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_real_child_says_that_the_model_is_missing(tmp_path: Path):
    """A path that leads nowhere is told before torch is even looked for."""
    listener = Listener(ListenerOptions(model=str(tmp_path / "nothing")))
    with pytest.raises(faults.ModelMissing):
        asyncio.run(listener.listen(clips.clip("tid").path, progress=print))


def test_the_real_child_ends_with_its_input():
    """A parent that is gone has closed the pipe: nothing is left, and nothing was said."""
    command, _line = child()
    ended = subprocess.run(command, input=b"", capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_the_real_child_refuses_to_be_an_orphan():
    """It checks who its parent is, for the case that this one died before the kernel was asked to tell."""
    command, line = child(parent=1)
    ended = subprocess.run(command, input=line.encode(), capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_child_dies_with_a_worker_that_is_killed(tmp_path: Path):
    """SIGKILL for the worker is SIGKILL for the child, even where somebody else holds its input open."""
    orphan = (
        "import os, sys, time\n"
        "from batch_worker.pipeline.speakers.child import die_with\n"
        "die_with(int(sys.argv[1]))\n"
        "open(sys.argv[2], 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    worker = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {orphan!r}, str(os.getpid()), sys.argv[1]])\n"
        "time.sleep(600)\n"
    )
    note = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", worker, str(note)], cwd=ROOT)
    try:
        until(lambda: note.exists() and note.read_text(encoding="ascii") != "")
    finally:
        process.kill()
        process.wait()
    pid = int(note.read_text(encoding="ascii"))
    until(lambda: gone(pid))
