"""The language of each segment, and the shares of the whole."""

import asyncio
from dataclasses import replace

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.langid.decide import languages, shares
from batch_worker.pipeline.langid.identifiers import Identifier, identifier
from shared.errors import Cancelled
from shared.transcript import Segment


class Language:
    """Marks each segment with its language."""

    name = "language"
    optional = True
    cost = 0.0001

    def __init__(self, identifier: Identifier) -> None:
        """Ask `identifier`."""
        self._identifier = identifier

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with a language per segment and their shares."""
        transcript = draft.text()
        segments = await asyncio.to_thread(self._marked, transcript.segments, context)
        changed = sum(after is not before for before, after in zip(transcript.segments, segments, strict=True))
        found = shares(segments)
        draft = replace(draft, transcript=replace(transcript, segments=segments), languages=found)
        return Outcome(draft=draft, detail={"changed": changed, "languages": sorted(found)})

    def _marked(self, segments: tuple[Segment, ...], context: Context) -> tuple[Segment, ...]:
        def look_up() -> None:
            if context.cancelled():
                raise Cancelled("The job was cancelled.")

        return tuple(languages(segments, self._identifier, each=look_up))


def build(setup: Setup) -> Language:
    """Return the stage; raises `StartupError` where the detector's package is missing."""
    return Language(identifier(setup.language_detector, setup.languages))
