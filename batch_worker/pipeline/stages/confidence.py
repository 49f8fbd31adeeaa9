"""Which segments should not be trusted as they are, and why."""

import asyncio
from collections import Counter
from dataclasses import replace

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.doubts import doubts, weighed
from batch_worker.pipeline.draft import Doubt, Draft
from shared.errors import Cancelled
from shared.transcript import Segment


class Confidence:
    """Weighs every segment and lists the doubtful ones."""

    name = "confidence"
    optional = False
    cost = 0.00001

    def __init__(self, threshold: float) -> None:
        """Doubt what lies below `threshold`, 0 to 1."""
        self._threshold = threshold

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with weighed segments and its doubts."""
        if context.cancelled():
            raise Cancelled("The job was cancelled.")
        transcript = draft.text()
        segments, found = await asyncio.to_thread(self._weighed, transcript.segments)
        draft = replace(draft, transcript=replace(transcript, segments=segments), doubts=found)
        reasons = dict(sorted(Counter(doubt.reason for doubt in found).items()))
        return Outcome(draft=draft, detail={"doubtful": len(found), "reasons": reasons})

    def _weighed(self, segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], tuple[Doubt, ...]]:
        after = tuple(weighed(segments))
        return after, tuple(doubts(after, self._threshold))


def build(setup: Setup) -> Confidence:
    """Return the stage."""
    return Confidence(setup.confidence_threshold)
