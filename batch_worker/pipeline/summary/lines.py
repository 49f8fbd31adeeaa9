"""A transcript as lines that a language model reads, and parts of them that fit; pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_BYTES_PER_TOKEN = 2.5
"""Of UTF-8; a guess on the short side. A server that counts more tokens says so, and parts are halved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One segment, or a piece of one that is too long by itself."""

    id: int
    """The segment's."""
    text: str
    """On one line, not empty."""
    speaker: str | None = None
    """Who says it, where that is known."""

    @property
    def written(self) -> str:
        """Its number, who says it, and the text, as the model reads it."""
        who = f"{self.speaker}: " if self.speaker else ""
        return f"[{self.id}] {who}{self.text}"

    @property
    def cost(self) -> int:
        """Tokens, the line break included."""
        return tokens(self.written) + 1


def tokens(text: str) -> int:
    """Return an estimate of how many tokens a text is, rather too many than too few."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


def cost(lines: Iterable[Line]) -> int:
    """Return the tokens of some lines."""
    return sum(line.cost for line in lines)


def written(lines: Iterable[Line]) -> str:
    """Return some lines as one text."""
    return "\n".join(line.written for line in lines)


def first_part(lines: Sequence[Line], budget: int) -> tuple[list[Line], list[Line]]:
    """Return the lines of the next part, at most `budget` tokens, and those that are left.

    As many parts as needed, all of about one size. A line that is longer than a part is cut between two words.
    """
    whole = cost(lines)
    aim = math.ceil(whole / math.ceil(whole / budget)) if whole else 0
    part: list[Line] = []
    size = 0
    for place, line in enumerate(lines):
        if part and (size >= aim or size + line.cost > budget):
            return part, list(lines[place:])
        if line.cost > budget:
            head, tail = _cut(line, budget)
            return [head], [*([tail] if tail.text else []), *lines[place + 1 :]]
        part.append(line)
        size += line.cost
    return part, []


def _cut(line: Line, budget: int) -> tuple[Line, Line]:
    room = budget - replace(line, text="").cost
    limit = max(4, int(room * _BYTES_PER_TOKEN))  # the longest character has four bytes
    head = line.text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
    space = head.rfind(" ")
    place = space if space > 0 else len(head)
    tail = line.text[place:].strip()
    return replace(line, text=line.text[:place]), replace(line, text=tail)
