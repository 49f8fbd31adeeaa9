"""Personal data: found per segment, placed in characters and seconds, masked."""

import asyncio
from collections import Counter
from dataclasses import replace

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.draft import Draft, PiiSpan
from batch_worker.pipeline.pii.analyzer import analyzer
from batch_worker.pipeline.pii.finder import Finder
from batch_worker.pipeline.pii.places import spans
from batch_worker.pipeline.pii.redaction import redacted_text
from shared.errors import Cancelled
from shared.transcript import Segment


class Pii:
    """Finds personal data and writes the text without it."""

    name = "pii"
    optional = True
    cost = 0.0005

    def __init__(self, finder: Finder) -> None:
        """Ask `finder`."""
        self._finder = finder

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with spans and, by the job's mode, a redacted text; counts only go to the detail."""
        segments = draft.text().segments
        found = await asyncio.to_thread(self._found, segments, context)
        text = redacted_text(segments, found, context.options.pii_mode)
        counts = dict(sorted(Counter(span.type for span in found).items()))
        return Outcome(draft=replace(draft, pii=found, redacted_text=text), detail={"found": counts})

    def _found(self, segments: tuple[Segment, ...], context: Context) -> tuple[PiiSpan, ...]:
        found: list[PiiSpan] = []
        before = ""
        for segment in segments:
            if context.cancelled():
                raise Cancelled("The job was cancelled.")
            hits = self._finder.find(segment.text, language=segment.language, before=before)
            found += spans(segment, hits)
            before = segment.text
        return tuple(found)


def build(_setup: Setup) -> Pii:
    """Return the stage; raises `StartupError` where Presidio is missing."""
    return Pii(Finder(shapes=analyzer()))
