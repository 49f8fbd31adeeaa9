"""How rules see a line: a position in its tokens, from which phrases are read up to the next punctuation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from batch_worker.pipeline.itn.cardinal import Reader, Reading
from batch_worker.pipeline.itn.token import Token, merged

_LOOK_BACK = 5
"""Tokens before a phrase that count as its context."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a rule puts in the place of some tokens."""

    count: int
    """Tokens replaced, at least 1."""
    parts: tuple[tuple[int, str], ...]
    """How many of them each written token takes, and its text; the counts add up to `count`."""


def one(count: int, text: str) -> Written:
    """Return one written token for `count` tokens."""
    return Written(count=count, parts=((count, text),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A position in a line."""

    line: Sequence[Token]
    """All tokens."""
    at: int
    """Where the rule is to begin."""
    reader: Reader
    """Of the line's language."""

    def key(self, offset: int = 0) -> str:
        """Return the word at an offset within the phrase, or an empty text past its end."""
        index = self.at + offset
        if index >= len(self.line) or (self.line[index].lead and offset):
            return ""
        if any(item.tail for item in self.line[self.at : index]):
            return ""
        return self.line[index].key

    def keys(self, offset: int = 0, limit: int = 14) -> tuple[str, ...]:
        """Return the words from an offset to the next punctuation."""
        found: list[str] = []
        while len(found) < limit and (key := self.key(offset + len(found))):
            found.append(key)
        return tuple(found)

    def before(self) -> tuple[str, ...]:
        """Return the words in front, nearest last."""
        return tuple(item.key for item in self.line[max(0, self.at - _LOOK_BACK) : self.at])

    def number(self, offset: int = 0) -> Reading | None:
        """Return the number that begins at an offset, said or already in digits."""
        keys = self.keys(offset)
        if keys and keys[0].isascii() and keys[0].isdecimal() and len(keys[0]) < 10:  # noqa: PLR2004 - beyond a million
            return Reading(value=int(keys[0]), count=1)
        return self.reader.read(keys)

    def quantity(self, offset: int, unit: str) -> Reading | None:
        """Return the number before `unit`, where `en` too is one: `en komma fem`, `en procent`."""
        if self.keys(offset, 2) == ("en", unit):
            return Reading(value=1, count=1)
        found = self.number(offset)
        return found if found and self.key(offset + found.count) == unit else None

    def said(self, reading: Reading, offset: int = 0) -> bool:
        """Tell whether a number is in words, at least partly."""
        return not all(key.isdecimal() for key in self.keys(offset)[: reading.count])


Rule = Callable[[Place], Written | None]


def scan(line: Sequence[Token], rules: Mapping[str, Rule], reader: Reader) -> tuple[Token, ...]:
    """Return the line with the first rule that fits applied at each position, left to right."""
    out: list[Token] = []
    at = 0
    while at < len(line):
        place = Place(line=line, at=at, reader=reader)
        written = next((result for rule in rules.values() if (result := rule(place))), None)
        if written is None:
            out.append(line[at])
            at += 1
            continue
        for count, text in written.parts:
            out.append(merged(line[at : at + count], text))
            at += count
    return tuple(out)
