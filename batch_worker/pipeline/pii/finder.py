"""Finds personal data in one text: shapes, names, and what was said digit by digit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from batch_worker.pipeline.pii.analyzer import Find
from batch_worker.pipeline.pii.hits import Hit, resolved
from batch_worker.pipeline.pii.people import people
from batch_worker.pipeline.pii.spoken import spoken

_WORTH_A_LOOK = re.compile(r"\d|@|\w[.:]\w")
_CONTEXT = 5
"""Words of the text before that are context."""


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
        return self.shapes(text, before) if _WORTH_A_LOOK.search(text) else []
