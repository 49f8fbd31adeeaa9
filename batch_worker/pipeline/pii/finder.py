"""Finds personal data in one text: shapes, names, and what was said digit by digit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batch_worker.pipeline.pii.analyzer import Find
from batch_worker.pipeline.pii.hits import Hit, resolved
from batch_worker.pipeline.pii.people import people
from batch_worker.pipeline.pii.spoken import spoken

_WORTH_A_LOOK = re.compile(r"\d|@|\w[.:]\w")
_CONTEXT = 5
"""Words of the text before that are context."""
_PART = 1_000
"""Characters looked at in one go: Presidio compares every hit of a text with every other, and with every word."""
_AROUND = 200
"""Characters in front and behind, for context and for a hit that goes over the border."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finder:
    """Finds personal data; shared by all jobs."""

    shapes: Find
    """`analyzer.analyzer()`, or a fake."""

    def find(self, text: str, *, language: str = "sv", before: str = "") -> tuple[Hit, ...]:
        """Return hits in order, none overlapping; `before` is the text that was said just before."""
        context = before.split()[-_CONTEXT:]
        hits = [*self._shaped(text, context), *people(text)]
        hits += spoken(text, language, lambda written: self._shaped(written, context))
        return resolved(hits)

    def _shaped(self, text: str, before: Sequence[str]) -> list[Hit]:
        """Return the shapes in a text, a long one looked at in parts, each with what is around it."""
        hits: list[Hit] = []
        for start in range(0, len(text), _PART):
            first = max(0, start - _AROUND) if start else 0
            part = text[first : start + _PART + _AROUND]
            if _WORTH_A_LOOK.search(part):
                found = self.shapes(part, () if first else before)
                hits += [hit for one in found if start <= (hit := _later(one, first)).start < start + _PART]
        return hits


def _later(hit: Hit, characters: int) -> Hit:
    return replace(hit, start=hit.start + characters, end=hit.end + characters)
