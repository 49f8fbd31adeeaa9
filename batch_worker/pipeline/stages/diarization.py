"""Who said what: a child process tells voices apart, and segments and words get their speakers."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.speakers.faults import INSTALL, HubUnreachable, NoRecording
from batch_worker.pipeline.speakers.model_place import complaint
from batch_worker.pipeline.speakers.process import Listener, ListenerOptions, Voices
from batch_worker.pipeline.speakers.split import told_apart
from batch_worker.pipeline.speakers.turns import tidied
from shared import backoff
from shared.errors import StartupError
from shared.transcript import join_text

_OFF = "or set FEATURE_DIARIZATION=false"


class Diarization:
    """Tells speakers apart, one recording at a time: each takes about a gigabyte while it is listened to."""

    name = "diarization"
    optional = True
    cost = 0.9

    def __init__(
        self,
        listener: Listener,
        patience: Patience,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Let `listener` listen; wait for the model hub by `sleep`."""
        self._listener = listener
        self._patience = patience
        self._sleep = sleep
        self._turn = asyncio.Semaphore(1)

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with speakers, its segments parted where the speaker changes."""
        transcript = draft.text()
        if not transcript.segments:
            return Outcome(draft=draft, detail={"speakers": 0})
        if context.recording is None:
            raise NoRecording
        async with self._turn:
            voices = await self._patiently(context.recording, context)
        turns = tidied(voices.turns, voices.duration)
        after = await asyncio.to_thread(told_apart, transcript.segments, turns, draft.doubts)
        transcript = replace(transcript, segments=after.segments, text=join_text(after.segments))
        draft = replace(draft, transcript=transcript, speakers=after.speakers, doubts=after.doubts)
        return Outcome(draft=draft, detail={"speakers": len(after.speakers), "turns": len(turns)})

    async def _patiently(self, recording: Path, context: Context) -> Voices:
        options = context.options
        for attempt in range(1, self._patience.retries + 2):
            try:
                return await self._listener.listen(
                    recording,
                    at_least=options.min_speakers,
                    at_most=options.max_speakers,
                    progress=context.progress,
                )
            except HubUnreachable:
                if attempt > self._patience.retries:
                    raise
                await self._sleep(backoff.delay(attempt, base=self._patience.backoff))
        raise AssertionError("the last attempt returns or raises")


def build(setup: Setup, version: Callable[[str], str] = metadata.version) -> Diarization:
    """Return the stage; raises `StartupError` where package or model are missing. Imports neither.

    `version` tells which version of a package is installed, or raises `PackageNotFoundError`.
    """
    options = ListenerOptions(
        model=setup.diarization_model,
        token=setup.hf_token,
        threads=setup.diarization_threads,
        memory_mb=setup.diarization_memory_mb,
        stall_seconds=setup.diarization_timeout,
        python=setup.diarization_python,
    )
    if not options.python:
        _require(version, "pyannote.audio", "4")
        _require(version, "torch")
    elif not os.access(options.python, os.X_OK):
        raise StartupError("DIARIZATION_PYTHON: expected the Python of an environment that has pyannote.audio 4")
    if wrong := complaint(options.model, options.token, os.environ):
        raise StartupError(f"{wrong}; {_OFF}.")
    return Diarization(Listener(options), setup.patience)


def _require(version: Callable[[str], str], package: str, major: str | None = None) -> None:
    try:
        found = version(package)
    except metadata.PackageNotFoundError:
        raise StartupError(f"FEATURE_DIARIZATION: {package} is not installed; {INSTALL}, {_OFF}.") from None
    if major not in {None, found.split(".")[0]}:
        raise StartupError(f"FEATURE_DIARIZATION: expected {package} {major}, got {found}; {INSTALL}, {_OFF}.")
