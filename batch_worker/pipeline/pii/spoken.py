"""Personal data said digit by digit or sign by sign, where the text stage has not written it; pure.

The line is rewritten as the text stage would, each written token knowing its spoken words, so that a hit in the
rewritten line has a place in the text as it is.
"""

import re
from collections.abc import Callable, Sequence

from batch_worker.pipeline.itn.segments import rewrite_line
from batch_worker.pipeline.itn.token import Token, join, tokens
from batch_worker.pipeline.pii.hits import Hit

_RULES = frozenset(
    {"address", "postcode", "giro", "personnummer", "organisationsnummer", "telephone", "code", "number"}
)
_SPOKEN = re.compile(
    r"noll|ett|två|tre|fyra|fem|sex|sju|åtta|nio|tio|punkt|snabel|zero|one|two|three|four|five|seven|eight|nine|dot",
    re.IGNORECASE,
)


def spoken(text: str, language: str, find: Callable[[str], Sequence[Hit]]) -> list[Hit]:
    """Return hits of `find` in the rewritten text that stand for words of `text`, placed in `text`."""
    if not _SPOKEN.search(text):
        return []
    words = list(re.finditer(r"\S+", text))
    line = rewrite_line(tokens(word[0] for word in words), language, on=_RULES, starts=False)
    written = join(line)
    if written == " ".join(word[0] for word in words):
        return []
    hits: list[Hit] = []
    for hit in find(written):
        inside = [item for item, start in zip(line, _starts(line), strict=True)
                  if start < hit.end and start + len(item.text) > hit.start]  # fmt: skip
        if inside:
            first, last = words[inside[0].first], words[inside[-1].last]
            start = first.start() + len(inside[0].lead)
            hits.append(Hit(type=hit.type, start=start, end=last.end() - len(inside[-1].tail), score=hit.score))
    return hits


def _starts(line: Sequence[Token]) -> list[int]:
    place = 0
    starts: list[int] = []
    for item in line:
        starts.append(place)
        place += len(item.text) + 1
    return starts
