"""Rules for any language: fillers, collapsed repetitions, spacing, punctuation, casing."""

import re
from collections.abc import Sequence
from dataclasses import replace

from batch_worker.pipeline.itn.cardinal import Reader
from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.token import Token, merged

_ENDS = (".", "!", "?", "…")
_LONGEST_LOOP = 12
"""Words of the longest phrase that is looked for as a loop."""
_LOOP = 3
"""So many times in a row is a loop, twice is speech."""
_STAMMERED = words("jag och att i en vi du som på kan ska the i'm we and to a of")
"""Said twice in a row by accident only."""
_STAMMERED_FIRST = words("det den de dom han hon ni man hur vad om när har ska vill")
"""Said twice in a row by accident only where a sentence begins: `är det det?` is right."""
_COPULAS = words("är var blir blev vore")
_MARKS = re.compile(r"([,;:!?])\1+|\.{4,}|(?<!\.)\.\.(?!\.)|,(?=[.!?])")
_CLOSING = frozenset(",;:!?")
"""Marks that are never written before a word."""
_ADDRESS = re.compile(r"[@/]|\w\.\w|^www")


def fillers(line: Sequence[Token], names: frozenset[str]) -> tuple[Token, ...]:
    """Return the line without hesitations; the end of a sentence that one carried goes to the word before."""
    out: list[Token] = []
    for item in line:
        if item.key not in names:
            out.append(item)
        elif out and item.tail.endswith(_ENDS):
            out[-1] = replace(out[-1], tail=out[-1].tail.rstrip(",") or item.tail)
            out[-1] = out[-1] if out[-1].tail.endswith(_ENDS) else replace(out[-1], tail=out[-1].tail + item.tail)
        elif out and item.tail == "," and out[-1].tail == ",":
            out[-1] = replace(out[-1], tail="")
    return tuple(out)


def repetitions(line: Sequence[Token], reader: Reader, *, starts: bool = True) -> tuple[Token, ...]:
    """Return the line with loops of a phrase, and stammered small words, said once; numbers may repeat.

    `starts` tells whether the line begins a sentence.
    """
    out: list[Token] = []
    at = 0
    while at < len(line):
        size, times = (1, 2) if starts and _false_start(line, at) else _loop(line, at, reader)
        end = at + size * times
        out += line[at : at + size - 1]
        # the last word of the first round takes the time and the punctuation of all the rounds
        last = line[at + size - 1]
        out.append(replace(merged((last, line[end - 1]), last.core), lead=last.lead) if times > 1 else last)
        at = end
        starts = out[-1].tail.endswith(_ENDS)
    return tuple(out)


def _false_start(line: Sequence[Token], at: int) -> bool:
    """Tell whether a sentence begins twice: `det det fungerar`, not `det det handlar om är pengar`."""
    first = line[at]
    if first.key not in _STAMMERED_FIRST or first.tail or at + 2 >= len(line) or line[at + 1].key != first.key:
        return False
    if line[at + 1].tail or line[at + 2].key == first.key:
        return False
    rest = line[at + 2 : at + _LONGEST_LOOP]
    end = next((place for place, item in enumerate(rest) if item.tail.endswith(_ENDS)), len(rest))
    return not any(item.key in _COPULAS for item in rest[1 : end + 1])


def _loop(line: Sequence[Token], at: int, reader: Reader) -> tuple[int, int]:
    for size in range(1, min(_LONGEST_LOOP, (len(line) - at) // 2) + 1):
        if line[at].key != line[at + size].key:
            continue
        phrase = [item.key for item in line[at : at + size]]
        if all(not key or key.isdecimal() or reader.word(key) is not None for key in phrase):
            continue  # before they are counted: each place of a long row of numbers would count all that follow
        times = 1
        while [item.key for item in line[at + times * size : at + (times + 1) * size]] == phrase:
            times += 1
        stammer = size == 1 and times == 2 and phrase[0] in _STAMMERED and not line[at].tail  # noqa: PLR2004 - twice
        if times >= _LOOP or stammer:
            return size, times
    return 1, 1


def spacing(line: Sequence[Token]) -> tuple[Token, ...]:
    """Return the line with lone punctuation moved to the word that it belongs to."""
    out: list[Token] = []
    for item in line:
        closing = not item.core and not item.lead and set(item.tail) <= set(".,;:!?…)")
        if out and closing and item.tail:
            out[-1] = replace(out[-1], tail=out[-1].tail + item.tail, last=max(out[-1].last, item.last))
        elif out and item.core and item.lead and set(item.lead) <= _CLOSING:
            out[-1] = replace(out[-1], tail=out[-1].tail + item.lead)
            out.append(replace(item, lead=""))
        else:
            out.append(item)
    return tuple(out)


def punctuation(line: Sequence[Token]) -> tuple[Token, ...]:
    """Return the line with doubled marks written once."""
    return tuple(replace(item, tail=_single(item.tail)) for item in line)


def _single(tail: str) -> str:
    return _MARKS.sub(lambda mark: mark[1] or ("" if mark[0] == "," else "..." if len(mark[0]) > 3 else "."), tail)  # noqa: PLR2004


def casing(line: Sequence[Token], *, starts: bool) -> tuple[Token, ...]:
    """Return the line with a capital at each beginning of a sentence; `starts`: whether the line begins one."""
    out: list[Token] = []
    for item in line:
        if starts and item.core[:1].islower() and not _ADDRESS.search(item.core):
            out.append(replace(item, core=item.core[0].upper() + item.core[1:]))
        else:
            out.append(item)
        if item.core or item.tail:
            starts = item.tail.endswith(_ENDS) and not item.tail.endswith(("...", "…"))
    return tuple(out)
