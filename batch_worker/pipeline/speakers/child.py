"""The process that listens: `python -m batch_worker.pipeline.speakers.child`, a request in, replies out.

It ends with its parent, however that ends (the kernel's parent-death signal, and the end of its input), and when
memory runs out it is the one that the kernel takes. It computes with idle priority, so that nobody waits for it.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from batch_worker.pipeline.speakers import model_place
from batch_worker.pipeline.speakers.diagnosis import code_of
from batch_worker.pipeline.speakers.messages import (
    Done,
    Fault,
    Progress,
    Reply,
    Request,
    Spoke,
    reply_line,
    request_from,
)

_PR_SET_PDEATHSIG = 1
_STEP = 0.01
"""Progress is told when it has grown by so much."""
_SIGN_SECONDS = 5.0
"""And at least so often, where a step of that size takes long."""
_REASON = 300
"""Characters of a library's message that go to the log."""
_MEGABYTE = 1_000_000


def main() -> None:
    """Answer one request."""
    replies = _own_output()

    def say(reply: Reply) -> None:
        replies.write(reply_line(reply))
        replies.flush()

    line = sys.stdin.readline()
    if not line:
        return
    request = request_from(line)
    die_with(request.parent)
    threading.Thread(target=_end_with_input, daemon=True, name="input").start()
    _prepare(request)
    answer(request, say)


def answer(request: Request, say: Callable[[Reply], None]) -> None:
    """Load, listen, tell; every exception becomes a `Fault`."""
    offline = model_place.offline(os.environ) or model_place.is_path(request.model)
    loading = True
    try:
        if offline:
            os.environ["HF_HUB_OFFLINE"] = "1"
        from batch_worker.pipeline.speakers import listening  # noqa: PLC0415 - numpy reads its threads at import

        pipeline = listening.load(request.model, request.token, request.threads)
        loading = False
        say(Progress(fraction=0.0))
        told = rarely(lambda fraction: say(Progress(fraction=fraction)))
        with listening.waveform(Path(request.recording), Path(request.scratch)) as samples:
            for turn in listening.turns(
                pipeline, samples, at_least=request.min_speakers, at_most=request.max_speakers, progress=told
            ):
                say(Spoke(turn=turn))
            say(Done(duration=samples.size / listening.SAMPLE_RATE))
    except Exception as error:  # noqa: BLE001 - the supervisor of this process: all that fails here is a reply
        reason = f"{type(error).__name__}: {error}"
        if request.token:
            reason = reason.replace(request.token, "…")
        say(Fault(code=code_of(error, offline=offline, loading=loading), reason=reason[:_REASON]))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone; end at once where it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _own_output() -> TextIO:
    """Return the standard output for replies alone; what libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


def _prepare(request: Request) -> None:
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # importing pyannote switches its telemetry on otherwise
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = str(request.threads)
    if request.memory_mb:
        limit = request.memory_mb * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        os.nice(19)


def rarely(tell: Callable[[float], None], clock: Callable[[], float] = time.monotonic) -> Callable[[float], None]:
    """Return what tells progress when there is some to tell, and else now and then as a sign of life."""
    told, when = 0.0, clock()

    def progress(fraction: float) -> None:
        nonlocal told, when
        if fraction >= told + _STEP or clock() >= when + _SIGN_SECONDS:
            told, when = max(told, fraction), clock()
            tell(told)

    return progress


if __name__ == "__main__":
    main()
