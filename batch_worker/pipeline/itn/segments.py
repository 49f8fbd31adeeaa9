"""Applies the rules to a segment, so that its words keep their times."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from batch_worker.pipeline.itn import tidy
from batch_worker.pipeline.itn.phrase import scan
from batch_worker.pipeline.itn.rules import ALL, GRAMMARS, Grammar
from batch_worker.pipeline.itn.token import Token, join, token, tokens
from shared.transcript import Segment, Word

_PASSES = 8
"""A rewrite may make room for another; no line known needs more than three."""
_ENDS = (".", "!", "?", "…")


def rewrite_line(
    line: Sequence[Token], language: str, *, on: frozenset[str] = ALL, starts: bool = True
) -> tuple[Token, ...]:
    """Return the line as people write it: rules applied until nothing changes any more.

    `on` names the rules to use; `starts` tells whether the line begins a sentence. Languages without a grammar
    are only tidied.
    """
    before = tuple(line)
    for _ in range(_PASSES):
        after = _once(before, GRAMMARS.get(language), on, starts=starts)
        if after == before:
            break
        before = after
    return before


def _once(line: tuple[Token, ...], grammar: Grammar | None, on: frozenset[str], *, starts: bool) -> tuple[Token, ...]:
    if "spacing" in on:
        line = tidy.spacing(line)
    if "fillers" in on and grammar:
        line = tidy.fillers(line, grammar.fillers)
    if "repetitions" in on:
        line = tidy.repetitions(line, (grammar or GRAMMARS["sv"]).reader, starts=starts)
    if grammar:
        line = scan(line, {name: rule for name, rule in grammar.rules.items() if name in on}, grammar.reader)
    if "punctuation" in on:
        line = tidy.punctuation(line)
    if "casing" in on:
        line = tidy.casing(line, starts=starts)
    return tuple(token(item.text, item.first, item.last) for item in line if item.text)


def rewrite_text(text: str, language: str, *, on: frozenset[str] = ALL, starts: bool = True) -> str:
    """Return one line of text as people write it."""
    return join(rewrite_line(tokens([text]), language, on=on, starts=starts))


def rewrite_segment(segment: Segment, *, on: frozenset[str] = ALL, starts: bool = True) -> Segment:
    """Return the segment rewritten; `original_text` keeps the decoder's text where it changed.

    A written word takes the start of the first and the end of the last spoken word that it stands for, and the
    lowest of their probabilities: it is as doubtful as its worst part. Words that were left out (fillers) take
    their times with them. Where the words are not the text's own, both are rewritten, each for itself.
    """
    text = rewrite_text(segment.text, segment.language, on=on, starts=starts)
    words = segment.words
    if words is not None:
        line = rewrite_line(tokens(word.word for word in words), segment.language, on=on, starts=starts)
        words = tuple(_words(line, words))
    if text == segment.text and words == segment.words:
        return segment
    original = segment.original_text if segment.original_text is not None else segment.text
    return replace(
        segment, text=text, words=words, original_text=original if text != segment.text else segment.original_text
    )


def _words(line: Iterable[Token], source: Sequence[Word]) -> Iterator[Word]:
    for _, group in groupby(line, key=lambda item: (item.first, item.last)):
        same = list(group)
        span = source[same[0].first : same[0].last + 1]
        yield replace(
            span[0],
            word=join(same),
            end=max(word.end for word in span),
            probability=min(word.probability for word in span),
        )


def rewrite(segments: Iterable[Segment], *, on: frozenset[str] = ALL) -> Iterator[Segment]:
    """Yield the segments rewritten; a capital begins one only where the one before ended its sentence."""
    starts = True
    for segment in segments:
        after = rewrite_segment(segment, on=on, starts=starts)
        yield after
        if after.text:
            starts = after.text.rstrip("\"'”)").endswith(_ENDS) or not segment.text.strip()
