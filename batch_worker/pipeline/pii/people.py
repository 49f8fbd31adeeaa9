"""Names of people, by lists of common Swedish names and by the words that introduce a name; pure.

The lists hold common given and family names of Sweden, written down by hand; they cannot be complete, so
capitalised words after a cue (`heter`, `patienten`) count too.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.pii.hits import Hit

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_SURNAME = re.compile(r".{2,}(?:sson|sdotter|[^aeiouyåäö]ström|berg|gren|qvist|kvist|lund|dahl|stedt|holm|blad|mark)s?")
_PARTICLES = frozenset({"von", "af", "de", "la", "van", "der", "den", "bin", "al", "el"})
_CUES = words(
    "heter hette kallas patienten doktor doktorn dr sjuksköterskan sköterskan läkaren överläkaren herr fru fröken "
    "kollegan chefen kunden klienten brukaren advokaten rektorn läraren handläggaren mamman pappan sonen dottern "
    "hustrun maken frun bror syster brodern systern vännen undertecknad namnet mrs mr ms named hälsningar mvh"
)
"""Words after which a capitalised word is a name."""
_BARE_CUES = frozenset({"heter", "hette", "namnet"})
"""Cues after which even a listed name in lower case is one."""
_LINKS = frozenset({"är", "var", "mitt", "med", "till", "av", "från", "hos"})
_LED = frozenset({("talar", "med"), ("pratar", "med"), ("pratade", "med"), ("namn", "är"), ("hälsa", "till")})
_NEVER = words(
    "det den de jag du han hon vi ni man en ett och men när hur vad vem var här där tack hej enligt doktor herr fru "
    "fröken patienten januari februari mars april maj juni juli augusti september oktober november december måndag "
    "tisdag onsdag torsdag fredag lördag söndag stockholm göteborg malmö uppsala sverige svenska i på av till från "
    "med för om att inte som så nu då ja nej ok okej mitt min mina vår vårt våra ert din ditt dr mr mrs ab hälsningar "
    "dagens god goda bra kanske också bara kommer får har ska kan vill var är blir blev ring mejla skriv fråga hör "
    "ingen ingenting något någon alla allt båda lite mycket inget vart ringde rum spår linje buss tåg avdelning"
)
_COMMON = words("bo per dag maj love iris rosa juni siv sture love max tim dan gun nova saga urban frank said "
                    "milan chen stella moa tore tor stig ted alma tyra inga signe hedda hana aya wei karl")  # fmt: skip
"""Given names that are also words: alone they count only in the middle of a sentence."""
_CITY_LIKE = words("lund berg lind dahl falk holm ek borg palm malm lilja stark modig hill hall young king green "
                       "scott brown ali blom alm fors sköld svärd stål rask frisk ström björk ljung")  # fmt: skip
_BOTH, _CUED, _ONE = 0.9, 0.85, 0.6


@lru_cache(maxsize=2)
def _names(which: str) -> frozenset[str]:
    text = files("batch_worker.pipeline.pii").joinpath("names", f"{which}.txt").read_text(encoding="utf-8")
    return frozenset(name.casefold() for name in text.split())


def _listed(word: str, which: str) -> bool:
    key = word.casefold()
    names = _names(which)
    return key in names or (key.endswith("s") and key[:-1] in names) or any(part in names for part in _parts(key))


def _parts(key: str) -> list[str]:
    return key.split("-") if "-" in key else []


def _given(word: str) -> bool:
    return _listed(word, "first")


def _family(word: str) -> bool:
    return _listed(word, "last") or _SURNAME.fullmatch(word.casefold()) is not None


def _name_like(word: str) -> bool:
    return word[:1].isupper() and word.casefold() not in _NEVER and (len(word) == 1 or not word.isupper())


def people(text: str) -> Iterator[Hit]:
    """Yield the names in a text, first to last; the genitive's s belongs to the hit."""
    words = list(_WORD.finditer(text))
    at = 0
    while at < len(words):
        count, score = _name(text, words, at)
        if count:
            yield Hit(type="PERSON", start=words[at].start(), end=words[at + count - 1].end(), score=score)
        at += max(1, count)


def _name(text: str, words: list[re.Match[str]], at: int) -> tuple[int, float]:
    """Return how many words from here are a name, and how sure that is."""
    word = words[at][0]
    cued = _cued(text, words, at)
    if not _name_like(word):
        return _in_lower_case(text, words, at) if cued else (0, 0.0)
    count = _run(text, words, at)
    family = count > 1 and _family(words[at + count - 1][0])
    first = at == 0 or _sentence_ends(text, words[at - 1], words[at])
    if _given(word):
        if count > 1 and (family or cued or not first or word.casefold() not in _COMMON):
            return count, _BOTH
        weak = word.casefold() in _COMMON and first and not cued
        return (0, 0.0) if weak else (1, _ONE)
    if cued and not (_city(word) and count == 1 and cued == "soft"):
        return count, _CUED
    if family and count <= 3 and not first:  # noqa: PLR2004 - two given names and a family name
        return count, _BOTH
    alone = _family(word) and word.casefold().rstrip("s") not in _CITY_LIKE and word.casefold() not in _CITY_LIKE
    return (1, _ONE) if alone and re.search(r"(?:sson|sdotter)s?$", word) else (0, 0.0)


def _city(word: str) -> bool:
    return word.casefold() in _CITY_LIKE and not _given(word)


def _run(text: str, words: list[re.Match[str]], at: int) -> int:
    """Return how many name-like words stand next to each other from here."""
    count = 1
    while at + count < len(words) and count < 4:  # noqa: PLR2004 - longer runs are headings
        following = words[at + count]
        if text[words[at + count - 1].end() : following.start()] != " ":
            break
        particle = following[0] in _PARTICLES and at + count + 1 < len(words) and _name_like(words[at + count + 1][0])
        if not (_name_like(following[0]) or particle):
            break
        if re.match(r" \d", text[following.end() :]) and following[0].casefold().endswith(("gatan", "vägen")):
            break
        count += 1
    return count


def _sentence_ends(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    return any(sign in ".!?…\n" for sign in text[before.end() : after.start()])


def _cued(text: str, words: list[re.Match[str]], at: int) -> str:
    """Return how a name is announced right before: `hard`, `soft` or not at all."""
    if at == 0 or _sentence_ends(text, words[at - 1], words[at]):
        short = at > 0 and words[at - 1][0].casefold() in {"dr", "mr", "mrs", "ms"}
        return "hard" if short else ""
    before = [word[0].casefold() for word in words[max(0, at - 2) : at]]
    if before[-1] in _CUES or tuple(before) in _LED:
        return "hard"
    return "soft" if len(before) > 1 and before[-1] in _LINKS and before[0] in _CUES else ""


def _in_lower_case(text: str, words: list[re.Match[str]], at: int) -> tuple[int, float]:
    before = words[at - 1][0].casefold()
    if before not in _BARE_CUES or not _given(words[at][0]) or words[at][0].casefold() in _NEVER:
        return 0, 0.0
    pair = at + 1 < len(words) and text[words[at].end() : words[at + 1].start()] == " " and _family(words[at + 1][0])
    return (2 if pair else 1), _CUED
