"""The contract of a stage: what it is given, what it returns, and what its failure means."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.language_model import LanguageModel
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.patience import Patience
from shared.transcript import Segment, Transcript


class LeaseLost(Exception):
    """Somebody else owns the job now: whoever sees this stops and writes nothing more."""


# --- what the ASR server is asked and says


@dataclass(frozen=True, kw_only=True, slots=True)
class AsrRequest:
    """One recording, or the rest of it, to be transcribed."""

    job_id: str
    """Travels as request id, so that both services' logs show it."""
    recording: Path
    """The file as it was uploaded."""
    language: str | None
    """ISO 639-1 or `auto`; None for the server's default."""
    options: JobOptions
    """As the caller chose them."""
    start: float = 0.0
    """Seconds to skip; the times that come back count from the start of the recording all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A segment is final; `segment.id` counts from 0 within this answer."""

    segment: Segment
    progress: float
    """Share of the whole recording that is done, 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advanced:
    """Work went on without text (silence)."""

    progress: float
    """Share of the whole recording that is done, 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The answer is complete; its transcript covers the recording from `AsrRequest.start`."""

    transcript: Transcript


AsrEvent = Heard | Advanced | Finished


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of the recording that is to be heard again."""

    id: int
    """The caller's; comes back with the answer."""
    start: float
    """Seconds."""
    end: float
    """Seconds, after `start`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondHearing:
    """The answer of `Asr.retry`."""

    model: str
    """Which model listened."""
    segments: tuple[Segment, ...]
    """Ids are those of the spans; times count from the start of the recording."""


class Asr(Protocol):
    """The ASR server as the stages see it; `clients.asr` and the tests' fake implement it."""

    def transcribe(self, request: AsrRequest) -> AbstractAsyncContextManager[AsyncIterator[AsrEvent]]:
        """Open the server's event stream; leaving the context stops the decode on the server.

        Transport faults before and within the stream raise `AsrUnavailable` or `Timeout`; the server's own
        verdict on the recording raises as what it is (`UnsupportedAudio`, `EmptyAudio`, …).
        """

    async def retry(self, request: AsrRequest, spans: Sequence[Span]) -> SecondHearing:
        """Have some spans decoded again by the server's retry model."""


# --- what a stage is given


class Journal(Protocol):
    """What of the transcribe stage is already safe, and the way to make more so."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Committed segments in order of time, ids from 0; from this attempt and from those before a crash."""

    async def append(self, segments: Sequence[Segment], *, end: float) -> None:
        """Commit segments that were decoded up to `end` seconds; raises `LeaseLost`."""

    @property
    def end(self) -> float:
        """Seconds up to which the recording is committed; a resumed decode starts here."""


def _no_progress(fraction: float) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """One job as a stage sees it."""

    job_id: str
    """For logs."""
    recording: Path | None
    """The uploaded file; None where the job came with a transcript, or the audio is gone."""
    language: str | None
    """ISO 639-1 or `auto` as the caller said; None for the default."""
    options: JobOptions
    """As the caller chose them."""
    progress: Callable[[float], None] = _no_progress
    """Takes the share of this stage that is done, 0 to 1. Cheap; may be called from any thread."""
    cancelled: Callable[[], bool] = _never
    """Whether the work should stop. Cheap; loops in threads look at it and raise `shared.errors.Cancelled`."""
    journal: Journal | None = None
    """Only the transcribe stage uses it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a stage returns."""

    draft: Draft
    """The draft it was given, with more in it."""
    detail: dict[str, Any] = field(default_factory=dict)
    """Counts and names for people, shown in `stages[].detail`; JSON values, never transcript text."""


class Stage(Protocol):
    """One step from recording to result. Holds what is shared by all jobs (models, clients), nothing of one job.

    `stages/NAME.py` offers one function `build(setup: Setup) -> Stage`, which may import heavy packages and
    raises `shared.errors.StartupError`, naming the command or setting that helps, where it cannot work.
    """

    name: str
    """As in `build.ORDER`."""
    optional: bool
    """When `run` fails: True, the job goes on with the draft as it was and a warning in the result; False, it fails."""
    cost: float
    """Seconds of work per second of audio, a first guess; measured ones replace it in the progress shown."""

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with this stage's part in it.

        Computation goes to a thread (`asyncio.to_thread`) and looks at `context.cancelled`. A failure is a
        `SvenskaError`, whose code and sentence become the job's error or the warning; the sentence says what
        would help. Cancellation of the task, `LeaseLost` and `Cancelled` pass through untouched.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What stages are built from: ports and plain values, from `app` alone."""

    asr: Asr
    """The ASR server."""
    patience: Patience = field(default_factory=Patience)
    """For every stage that asks another server."""
    confidence_threshold: float = 0.5
    """Below it a segment is doubtful, 0 to 1."""
    language_detector: str = "py3langid"
    """`py3langid` or `langdetect`."""
    languages: tuple[str, ...] = ("sv", "en", "no", "da", "fi", "de", "ru")
    """ISO 639-1 codes that `language` chooses from."""
    retry_large: bool = False
    """Whether doubtful passages go to the retry server's larger model; else to the one that heard them first."""
    llm: LanguageModel | None = None
    """Who writes summaries; None where no address is set."""
    llm_seconds: float = 600.0
    """Longest time for one question to it, all tries together."""
    redact_before_llm: bool = True
    """Whether the language model only sees the text without its personal data."""
    diarization_model: str = "pyannote/speaker-diarization-community-1"
    """A folder, or a hub id."""
    hf_token: str | None = field(default=None, repr=False)
    """Token of the model hub; None for models that need none."""
    diarization_python: str = ""
    """The interpreter that has pyannote.audio; empty for this one."""
    diarization_threads: int = 1
    """Threads that diarization computes with."""
    diarization_memory_mb: int = 0
    """Megabytes (10^6 bytes) that its process may take; 0 for no bound."""
    diarization_timeout: float = 900.0
    """Seconds without progress after which it has failed."""
