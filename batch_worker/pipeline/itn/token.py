"""A written token that remembers which spoken words it came from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PARTS = re.compile(r"^((?:[,;:!?]+(?=\w))?[\"'“”«»(\[¿¡-]*)(.*?)([\"'“”«»)\].,;:!?…-]*)$", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What stands between two spaces."""

    lead: str
    """Opening punctuation."""
    core: str
    """The word itself; empty where there is only punctuation."""
    tail: str
    """Closing punctuation."""
    first: int
    """Index of the first spoken word that it stands for."""
    last: int
    """Index of the last one, never before `first`."""

    @property
    def text(self) -> str:
        """The token as written."""
        return self.lead + self.core + self.tail

    @property
    def key(self) -> str:
        """The word as rules compare it."""
        return self.core.casefold()


def token(text: str, first: int, last: int | None = None) -> Token:
    """Return a token of written text, its punctuation split off."""
    match = _PARTS.match(text)
    lead, core, tail = match.groups() if match else ("", text, "")
    return Token(lead=lead, core=core, tail=tail, first=first, last=first if last is None else last)


def tokens(words: Iterable[str]) -> tuple[Token, ...]:
    """Return the tokens of written words; a word with a space inside becomes several that share its index."""
    return tuple(token(part, index) for index, word in enumerate(words) for part in word.split())


def merged(run: Sequence[Token], core: str) -> Token:
    """Return one token for several: the first one's opening and the last one's closing punctuation."""
    return Token(lead=run[0].lead, core=core, tail=run[-1].tail, first=run[0].first, last=run[-1].last)


def join(run: Iterable[Token]) -> str:
    """Return the tokens as running text."""
    return " ".join(item.text for item in run)
