"""What a kind of personal data looks like, and the pieces that the shapes are made of."""

from collections.abc import Callable
from dataclasses import dataclass

SURE, LIKELY, WEAK = 0.9, 0.6, 0.3
"""Scores without context."""
FREE = r"(?<![\w@./-])"
"""Nothing that a number could go on from stands in front."""
END = r"(?![\w@]|[-/.,:]\d)"
"""Nothing that it could go on with stands behind."""
GAP = r"[ \u00a0]?"
IS = r"(?:[ :.]*(?:nr|nummer|numret|number|konto|id|är|is|på|till|no)\b)*[ :.,#]*$"
"""What may stand between a cue and the hit that it announces."""
COUNTED = (
    r"[ ](?:kronor|kr|öre|procent|kilo|gram|meter|kilometer|mil|liter|minuter|timmar|dagar|nätter|veckor|månader|år|"
    r"stycken|poäng|personer|gånger|euro|dollar|grader|trappor|sidor|rader|ord|tecken|exemplar|kunder|hushåll|barn|bilar|deltagare)\b"
)
"""What is counted: a number in front of it is no address, code or record."""
YEAR = r"(?:19|20)\d\d(?!\d)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One kind of personal data."""

    type: str
    """As in the result."""
    regex: str
    """Matches it as written, never inside a longer number or word."""
    score: float
    """Without context, 0 to 1; hits below `analyzer.THRESHOLD` need a word of `context` nearby."""
    context: tuple[str, ...] = ()
    """Stems of words that make a hit likelier; compared as parts of words, so endings need no listing."""
    valid: Callable[[str], bool | None] = lambda _: None
    """True makes a hit sure, False drops it, None leaves the score."""
    after: str = ""
    """Matches the end of the text in front of a hit where that makes it likely: cues of two words, abbreviations."""
    unless: str = ""
    """Matches the end of the text in front of a hit where that makes it something else."""
    around: str = ""
    """Matches in the sentence around a hit, 60 characters each way, where that makes it likely."""
    ignore_case: bool = True


def digits(text: str) -> str:
    """Return the digits of a text."""
    return "".join(sign for sign in text if sign.isdecimal())
