"""Which words are given names, family names or neither; by lists and by how they end, pure."""

import re
from functools import lru_cache
from importlib.resources import files

from batch_worker.pipeline.pii import lookalikes

_SURNAME = re.compile(
    r"(?:.{2,}(?:sson|sdotter|[^aeiouyåäö]ström|berg|gren|qvist|kvist|quist|lund|dahl|stedt|holm|blad|mark)|"
    r".{3,}(?:ović|ovic|ević|evic|wicz|czyk|owski|ewski|owska|ewska|enko|chuk|escu|eanu|oğlu|oglu|zadeh|nejad|opoulos|"
    r"akis|shvili|äinen|[kmnrst]ov|[kmnrst]ova|yan))s?"
)
"""How family names end: Swedish, Slavic, Romanian, Turkish, Persian, Greek, Georgian, Finnish, Armenian."""
_HYPHEN = re.compile("[-'\u2019]")


@lru_cache(maxsize=2)
def _names(which: str) -> frozenset[str]:
    folder = files("batch_worker.pipeline.pii").joinpath("names")
    lines = "\n".join(
        folder.joinpath(f"{which}{origin}.txt").read_text(encoding="utf-8") for origin in ("", "_elsewhere")
    ).splitlines()
    return frozenset(name.casefold() for line in lines if not line.startswith("#") for name in line.split())


def base(word: str, names: frozenset[str]) -> str:
    """Return the name that a word is, its genitive's s taken off, or nothing."""
    key = word.casefold()
    if key in names:
        return key
    # `Klas bil`: a name that ends in s takes no other, so `Klass` is a word
    return key[:-1] if key.endswith("s") and key[-2:-1] not in {"s", "x", "z"} and key[:-1] in names else ""


def _listed(word: str, names: frozenset[str]) -> bool:
    if base(word, names):
        return True
    first, *rest = word.casefold().split("-")
    return bool(rest) and bool(base(rest[-1], names)) and first in _names("first") | _names("last")


def given(word: str) -> bool:
    """Tell whether a word is a listed given name, or two with a hyphen."""
    return _listed(word, _names("first"))


def family(word: str) -> bool:
    """Tell whether a word is a listed family name or ends as one."""
    key = word.casefold()
    return _listed(key, _names("last")) or _SURNAME.fullmatch(key.rpartition("-")[2]) is not None


def listed_family(word: str) -> bool:
    """Tell whether a word is a listed family name; how it ends does not count."""
    return _listed(word, _names("last"))


def genitive(word: str) -> bool:
    """Tell whether a word is a name with the genitive's s, and no name that ends in s: `Jimmys`, not `Andreas`."""
    key = word.casefold()
    if not key.endswith("s") or key in _names("first") | _names("last"):
        return False
    return given(key[:-1]) or family(key[:-1])


def patronymic(word: str) -> bool:
    """Tell whether a word is a family name that can hardly be anything else, and no well-known firm's."""
    return re.search(r".{2}(?:sson|sdotter)s?$", word) is not None and word.casefold() not in lookalikes.KNOWN_FIRMS


def also_a_word(word: str) -> bool:
    """Tell whether a given name is a word too."""
    return bool(base(word, lookalikes.ALSO_WORDS))


def name_like(word: str) -> bool:
    """Tell whether a word may be part of a name by its capitals, and is no office, town or function word."""
    key = word.casefold()
    capital = all(part[:1].isupper() for part in _HYPHEN.split(word) if part) and (len(word) == 1 or not word.isupper())
    return capital and key not in lookalikes.NEVER and not _organisation(key)


def _organisation(key: str) -> bool:
    if key in lookalikes.ORGANISATIONS or key.removesuffix("s") in lookalikes.ORGANISATIONS:
        return True
    return key.removesuffix("s").endswith(lookalikes.ORGANISATION_ENDINGS) and key not in _names("first")
