"""Text as people write it: numbers, times, addresses, fillers, punctuation (`batch_worker.pipeline.itn`)."""

import asyncio
from dataclasses import replace

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.itn.rules import ALL
from batch_worker.pipeline.itn.segments import rewrite
from shared.errors import Cancelled
from shared.transcript import Segment, join_text


class Text:
    """Rewrites every segment by the rules that are on."""

    name = "text"
    optional = True
    cost = 0.0001

    def __init__(self, rules: frozenset[str] = ALL) -> None:
        """Use the rules named; all of them are `itn.rules.ALL`."""
        self._rules = rules

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with rewritten segments and text."""
        transcript = draft.text()
        segments = await asyncio.to_thread(self._rewritten, transcript.segments, context)
        changed = sum(after is not before for before, after in zip(transcript.segments, segments, strict=True))
        transcript = replace(transcript, segments=segments, text=join_text(segments))
        return Outcome(draft=replace(draft, transcript=transcript), detail={"changed": changed})

    def _rewritten(self, segments: tuple[Segment, ...], context: Context) -> tuple[Segment, ...]:
        done: list[Segment] = []
        for segment in rewrite(segments, on=self._rules):
            if context.cancelled():
                raise Cancelled("The job was cancelled.")
            done.append(segment)
        return tuple(done)


def build(_setup: Setup) -> Text:
    """Return the stage."""
    return Text()
