"""True readiness: a lane is ready when it decoded something lately, not when its process is alive.

Now and then a lane without work decodes a short clip. A lane whose decode does not come back is no longer ready;
real work counts as well, so a busy lane is not asked for more.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from api_server.engine.base import DecodeOptions, Priority, Samples
from api_server.engine.recognizer import Recognizer
from shared.errors import SvenskaError

log = structlog.stdlib.get_logger("ready")
_OPTIONS = DecodeOptions(vad_filter=False, beam_size=1, temperatures=(0.0,), audio_context="short")


class Probe:
    """Watches one lane through the model that is resident in it."""

    def __init__(
        self,
        recognizer: Recognizer,
        clip: Samples,
        *,
        language: str | None,
        interval: float = 18.0,
        deadline: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Decode `clip` every `interval` seconds without work; an answer is due within `deadline` seconds.

        A window that has always taken long has ten times its usual time.
        """
        self.lane = recognizer.lane
        self._recognizer = recognizer
        self._clip = clip
        self._options = replace(_OPTIONS, language=language)
        self._interval = interval
        self._deadline = deadline
        self._clock = clock
        self._asked_at: float | None = None
        self._fault = "has not decoded anything yet"

    @property
    def fault(self) -> str | None:
        """Why the lane is not ready, as the end of a sentence; None when it is."""
        return self._late() or self._fault or None

    async def run(self) -> None:
        """Probe until cancelled."""
        while True:
            if self.lane.load().idle_seconds >= self._interval or self._fault:
                await self.once()
            await asyncio.sleep(self._interval)

    async def once(self) -> None:
        """Decode the clip and take note of how it went."""
        self._asked_at = self._clock()
        try:
            await self._recognizer.recognize(self._clip, self._options, Priority.FINAL)
        except SvenskaError as error:
            self._fault = f"cannot decode: {error.message.rstrip('.')}"
        except Exception:  # whatever the engine throws is what readiness is about
            log.exception("probe_failed", lane=self.lane.name)
            self._fault = "cannot decode; the log has the reason"
        else:
            self._fault = ""
        finally:
            self._asked_at = None

    def _late(self) -> str | None:
        load = self.lane.load()
        limit = max(self._deadline, 10 * load.window_seconds)
        asked = 0.0 if self._asked_at is None else self._clock() - self._asked_at
        worst = max(load.running_seconds, min(asked, load.idle_seconds))
        return f"has been on one window for {worst:.0f} seconds" if worst > limit else None


def fault(probes: Sequence[Probe]) -> str | None:
    """Return a sentence that says which lane is not ready and why, or None."""
    for probe in probes:
        if (reason := probe.fault) is not None:
            return f"The {probe.lane.name} lane {reason}."
    return None


async def watch(probes: Sequence[Probe]) -> None:
    """Run all probes until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for probe in probes:
            tasks.create_task(probe.run())
