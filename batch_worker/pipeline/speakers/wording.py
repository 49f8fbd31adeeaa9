"""An earlier wording of a segment, parted as its present text is; pure."""

from collections.abc import Sequence

_TABLE = 250_000
"""Cells of the comparison above which parts are cut by length alone: a loop of thousands of words."""
_GAP, _OTHER = 2, 3
"""What a word more or less costs, and another word in its place: less than both, more than either."""


def parted_like(texts: Sequence[str], earlier: str | None) -> list[str | None]:
    """Return the earlier wording in as many parts as there are texts, each word in one of them.

    A cut goes where the edits (Levenshtein, on words) that lead from one wording to the other cost least.
    """
    if earlier is None or len(texts) == 1:
        return [earlier] * len(texts)
    tokens = earlier.split()
    words = [word for text in texts for word in text.split()]
    place, cuts = 0, [0]
    for text in texts[:-1]:
        place += len(text.split())
        cuts.append(max(cuts[-1], _cut(words, place, tokens)))
    return [" ".join(tokens[start:end]) for start, end in zip(cuts, [*cuts[1:], len(tokens)], strict=True)]


def _cut(words: Sequence[str], place: int, tokens: Sequence[str]) -> int:
    """Return how many of the tokens belong to the first `place` words."""
    if len(words) * len(tokens) > _TABLE:
        return len(tokens) * place // len(words)
    before = _edits(words[:place], tokens)
    behind = _edits(words[place:][::-1], tokens[::-1])[::-1]
    return min(range(len(tokens) + 1), key=lambda cut: before[cut] + behind[cut])


def _edits(words: Sequence[str], tokens: Sequence[str]) -> list[int]:
    """Return what the edits cost that lead from the words to the first 0, 1, 2 … tokens."""
    row = [index * _GAP for index in range(len(tokens) + 1)]
    for count, word in enumerate(words, start=1):
        above, row = row, [count * _GAP]
        for index, token in enumerate(tokens):
            other = 0 if word == token else _OTHER
            row.append(min(above[index] + other, above[index + 1] + _GAP, row[index] + _GAP))
    return row
