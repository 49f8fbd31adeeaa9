"""Word error rate, as the figures state it: case and punctuation do not count."""

import math
from collections.abc import Iterable, Sequence

from tools.bundled_model.text import normalize


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and substitutions between two word lists (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(heard, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other))
            diagonal, row[column] = row[column], best
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the errors of all (said, heard) pairs over all words said, in percent; NaN where nothing was said."""
    errors = words = 0
    for said, heard in pairs:
        reference = normalize(said).split()
        errors += edits(reference, normalize(heard).split())
        words += len(reference)
    return 100 * errors / words if words else math.nan
