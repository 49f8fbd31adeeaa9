"""A transcript of any length through a model of limited reading: parts are summarized, then their summaries merged."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from batch_worker.pipeline.draft import Summary
from batch_worker.pipeline.language_model import ContextExceeded
from batch_worker.pipeline.summary import lines as read
from batch_worker.pipeline.summary import notes as made
from batch_worker.pipeline.summary.lines import Line
from batch_worker.pipeline.summary.prompts import Prompts

_SMALLEST = 64
"""Tokens; a model that cannot read as much is of no use."""
_MAP_SHARE = 0.9
"""Of the work, when there is something to merge."""

Ask = Callable[[str, str, frozenset[int]], Awaitable[Summary]]
"""Takes instructions, material and the ids that may be pointed at."""


@dataclass(kw_only=True, slots=True)
class MapReduce:
    """Summarizes one transcript."""

    ask: Ask
    """Raises `ContextExceeded` where a question was too long; it is then put again in smaller parts."""
    prompts: Prompts
    """In the transcript's language."""
    budget: int
    """Tokens of material in one question."""
    progress: Callable[[float], None]
    """Takes the share that is done, 0 to 1."""
    parts: int = 0
    """How many there were."""

    async def summary(self, lines: Sequence[Line]) -> Summary:
        """Return the summary of at least one line."""
        self.budget = max(_SMALLEST, self.budget)
        notes = await self._mapped(list(lines))
        self.parts = len(notes)
        while len(notes) > 1:
            notes = await self._merged(notes)
        self.progress(1.0)
        return notes[0]

    async def _mapped(self, lines: list[Line]) -> list[Summary]:
        whole = read.cost(lines)
        notes: list[Summary] = []
        while lines:
            part, left = read.first_part(lines, self.budget)
            known = frozenset(line.id for line in part)
            try:
                notes.append(await self.ask(self.prompts.summarize, read.written(part), known))
            except ContextExceeded:
                if not self._narrowed(read.cost(part)):
                    raise
                continue
            lines = left
            self.progress(_MAP_SHARE * (1.0 - min(1.0, read.cost(lines) / whole)))
        return notes

    async def _merged(self, notes: list[Summary]) -> list[Summary]:
        """Return fewer summaries, at least two made one each time."""
        return [group[0] if len(group) == 1 else await self._merge(group) for group in groups(notes, self.budget)]

    async def _merge(self, group: Sequence[Summary]) -> Summary:
        while True:
            material = "\n".join(made.written(one) for one in group)
            try:
                return await self.ask(self.prompts.merge, material, made.pointers(group))
            except ContextExceeded:
                if not self._narrowed(read.tokens(material)):
                    raise
                group = [made.shortened(one, self.budget // len(group)) for one in group]

    def _narrowed(self, tried: int) -> bool:
        """Ask for half as much from now on; tell whether that makes sense."""
        if min(tried, self.budget) <= _SMALLEST:
            return False
        self.budget = max(_SMALLEST, min(tried, self.budget) // 2)
        return True


def groups(notes: Sequence[Summary], budget: int) -> Iterator[list[Summary]]:
    """Yield neighbouring summaries that fit together into `budget` tokens, two at least; the last may be alone."""
    group: list[Summary] = []
    size = 0
    for note in (made.shortened(one, budget // 2) for one in notes):
        length = read.tokens(made.written(note)) + 1
        if len(group) > 1 and size + length > budget:
            yield group
            group, size = [], 0
        group.append(note)
        size += length
    if group:
        yield group
