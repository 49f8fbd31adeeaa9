"""Names of people, by lists of names common in Sweden and by the words that introduce a name; pure.

The lists were written down by hand and cannot be complete, so capitalised words that are announced (`heter`,
`patienten`, `min son`) count too.
"""

import re
from collections.abc import Iterator, Sequence

from batch_worker.pipeline.pii import lookalikes
from batch_worker.pipeline.pii.announced import announced, begins, calls
from batch_worker.pipeline.pii.hits import Hit
from batch_worker.pipeline.pii.name_lists import (
    also_a_word,
    family,
    genitive,
    given,
    listed_family,
    name_like,
    patronymic,
)

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_ADDRESSED = re.compile(r", (?:kan|vill|har|ska|är) du\b| här\b")
_COMPOUND = re.compile(r".{2,}(?:berg|gren|[qk]vist|ström|lund|stedt|ander|man|ell|[ln]én)s?")
"""Listed family names that are no words in lower case either."""
_LONE = re.compile(r".{2,}(?:[qk]vist|quist|ström|gren|stedt|lander|blad)s?")
"""Family names that are hardly a town, a firm or a thing: they count alone."""
_PARTNERS = re.compile(r"(?:,? [A-ZÅÄÖ][\wåäö]+){0,3} & ")
"""What stands behind the first name of a firm of partners."""
_COUNT = re.compile(r" \d")
_LONGEST = 4
"""Words of a name; longer runs are headings."""
_TWO_GIVEN_AND_A_FAMILY_NAME = 3
_BOTH, _CUED, _ONE = 0.9, 0.85, 0.6
Words = Sequence[re.Match[str]]


def people(text: str) -> Iterator[Hit]:
    """Yield the names in a text, first to last; the genitive's s belongs to the hit."""
    words = list(_WORD.finditer(text))
    at = 0
    while at < len(words):
        count, score = _name(text, words, at)
        if score:
            yield Hit(type="PERSON", start=words[at].start(), end=words[at + count - 1].end(), score=score)
        at += max(1, count)


def _name(text: str, words: Words, at: int) -> tuple[int, float]:
    """Return how many words from here belong together, and how sure it is that they are a name; 0 is none."""
    word = words[at][0]
    if not word[0].isupper():
        return _in_lower_case(text, words, at)
    if _initial(text, words, at):
        return 2, _BOTH
    cut = text.startswith("-", words[at].end())  # `Sam- och särbeskattning`
    if cut or not (name_like(word) or _month(text, words, at)):
        return 0, 0.0
    count = _run(text, words, at)
    return (count, 0.0) if _of_something_else(text, words, at, count) else _capitalised(text, words, at, count)


def _initial(text: str, words: Words, at: int) -> bool:
    """Tell whether a letter with a full stop stands before a family name: `N. Bergholtz`."""
    if len(words[at][0]) > 1 or at + 1 == len(words) or text[words[at].end() : words[at + 1].start()] != ". ":
        return False
    before, name = words[at - 1][0].casefold() if at else "", words[at + 1][0]
    plain = family(name) and name.casefold() not in lookalikes.CITY_LIKE
    return name_like(name) and plain and before not in lookalikes.LETTERED


def _capitalised(text: str, words: Words, at: int, count: int) -> tuple[int, float]:
    """Return how many of a run of name-like words are a name."""
    word = words[at][0]
    cue = announced(text, words, at, words[at + count - 1].end())
    first = begins(text, words, at)
    if given(word):
        sure = bool(cue) or (count > 1 and family(words[at + count - 1][0]))
        return _from_given(text, words, at, count, sure=sure, first=first)
    if cue in {"named", "sure"} or (cue == "pair" and count > 1):
        return count, _CUED
    if cue == "weak" and count == 1 and family(word) and word.casefold() not in lookalikes.CITY_LIKE:
        return 1, _ONE
    if _by_family(words[at : at + count], first=first):
        return count, _BOTH
    return (1, _ONE) if patronymic(word) or _lone(text, words, at, first=first) else (0, 0.0)


def _lone(text: str, words: Words, at: int, *, first: bool) -> bool:
    """Tell whether a capitalised word is a listed family name that needs no other beside it, and no firm's."""
    word = words[at]
    key, before = word[0].casefold(), words[at - 1][0].casefold() if at else ""
    if not listed_family(word[0]) or _LONE.fullmatch(key) is None or key in lookalikes.NOT_LONE:
        return False
    if _PARTNERS.match(text, word.end()) or text.endswith("& ", 0, word.start()):
        return False
    placed = before == "i" or (before in {"på", "från"} and genitive(word[0]))  # `åt på Lindströms`
    follows = words[at + 1][0] if at + 1 < len(words) else ""
    return not placed and (not first or follows in lookalikes.DEEDS | lookalikes.HAVING)


def _by_family(run: Words, *, first: bool) -> bool:
    """Tell whether a run without a listed given name in front is one by its family name: last, or first of all."""
    leading, *rest = (word[0] for word in run)
    if not first and rest and len(run) <= _TWO_GIVEN_AND_A_FAMILY_NAME and family(rest[-1]):
        return True
    leads = leading.casefold() in lookalikes.LEADING if first else family(leading)
    return leads and any(map(given, rest))


def _from_given(text: str, words: Words, at: int, count: int, *, sure: bool, first: bool) -> tuple[int, float]:
    """Return the same where the first word is a given name; one that is also a word needs more where any is capital."""
    counted = count == 1 and _COUNT.match(text, words[at].end()) is not None  # `Max 30`
    doubtful = (first or counted) and not sure and also_a_word(words[at][0])
    if count > 1 and genitive(words[at][0]) and not (family(words[at + 1][0]) or given(words[at + 1][0])):
        count = 1  # `Jimmys Passat`
    if count > 1 and not doubtful:
        return count, _BOTH
    return (1, _ONE) if not doubtful or _acts(text, words, at) else (0, 0.0)


def _acts(text: str, words: Words, at: int) -> bool:
    """Tell whether what follows a word is another person, what people do, or what is said to them."""
    follows, beyond = (words[place][0] if place < len(words) else "" for place in (at + 1, at + 2))
    if follows == "och" and name_like(beyond) and given(beyond) and not also_a_word(beyond):
        return True
    if genitive(words[at][0]) and follows.islower() and _next_to(text, words, at):  # `Tuvas mamma`
        return True
    if follows == "och" and beyond in lookalikes.SOMEBODY and _next_to(text, words, at):
        return True
    if words[at][0] == "Hans" and follows in {"har", "hade"} and beyond not in lookalikes.NOT_HANS:
        return True
    return (follows in lookalikes.DEEDS and _next_to(text, words, at)) or _ADDRESSED.match(
        text, words[at].end()
    ) is not None


def _month(text: str, words: Words, at: int) -> bool:
    """Tell whether a month is a name here: after `heter`, of a family member, or before a family name."""
    if words[at][0].casefold() not in lookalikes.MONTHS:
        return False
    beside = _beside(text, words, at)
    return (beside[:1].isupper() and family(beside)) or announced(text, words, at, words[at].end()) in {"named", "sure"}


def _beside(text: str, words: Words, at: int) -> str:
    """Return the word right after one, or nothing."""
    return words[at + 1][0] if at + 1 < len(words) and _next_to(text, words, at) else ""


def _next_to(text: str, words: Words, at: int) -> bool:
    """Tell whether the next word stands beside one, with a space between."""
    return text[words[at].end() : words[at + 1].start()] == " "


def _run(text: str, words: Words, at: int) -> int:
    """Return how many name-like words stand next to each other from here."""
    count = 1
    while at + count < len(words) and count < _LONGEST and _next_to(text, words, at + count - 1):
        following = words[at + count][0]
        particle = (
            following in lookalikes.PARTICLES and at + count + 1 < len(words) and name_like(words[at + count + 1][0])
        )
        if not (name_like(following) or particle) or lookalikes.STREET.fullmatch(following.casefold()):
            break
        if _trade(words[at + count - 1][0], following):
            break
        count += 1
    return count


def _of_something_else(text: str, words: Words, at: int, count: int) -> bool:
    """Tell whether a name is that of a church, a hospital, a street, a firm or a figure."""
    last = at + count - 1
    before = words[at - 1][0].casefold() if at and text[words[at - 1].end() : words[at].start()] in {" ", ". "} else ""
    follows = _beside(text, words, last)
    whole = text[words[at].start() : words[last].end()].casefold()
    street = follows[:1].isupper() and lookalikes.STREET.fullmatch(follows.casefold()) is not None
    return (
        before in lookalikes.TITLED_PLACES
        or (before in lookalikes.NAMED_THINGS and text[words[at - 1].end() : words[at].start()] == " ")
        or (before in lookalikes.FIRMS and not given(words[at][0]))
        or whole in lookalikes.KNOWN_WHOLE
        or (whole in lookalikes.HOLIDAYS and before in lookalikes.WHEN)
        or lookalikes.PLACE_WORDS.fullmatch(follows.casefold()) is not None
        or (count > 1 and lookalikes.PLACE_WORDS_OF_FULL_NAMES.fullmatch(follows.casefold()) is not None)
        or (count == 1 and street)
        or _trade(words[last][0], follows)
    )


def _trade(owner: str, word: str) -> bool:
    """Tell whether two words are the name of a firm: `Anderssons Bygg`."""
    return genitive(owner) and word[:1].isupper() and lookalikes.TRADES.fullmatch(word.casefold()) is not None


def _in_lower_case(text: str, words: Words, at: int) -> tuple[int, float]:
    """Return the same for a word in lower case: a listed name beside a family name, or announced."""
    word = words[at][0]
    if not given(word):
        return 0, 0.0
    never, beside = word in lookalikes.NEVER or also_a_word(word), _beside(text, words, at)
    if not never and _plainly_family(beside):
        return 2, _CUED
    cue = announced(text, words, at, words[at].end())
    if cue == "sure" and word not in lookalikes.NEVER and calls(text, words, at):
        return 1, _CUED
    if cue == "named" and (word not in lookalikes.NEVER or word in lookalikes.MONTHS):
        return (2 if family(beside) else 1), _CUED
    return (1, _CUED) if cue == "sure" and not never else (0, 0.0)


def _plainly_family(word: str) -> bool:
    """Tell whether a word in lower case is hardly anything but a family name."""
    if word in lookalikes.NEVER or word in lookalikes.CITY_LIKE or also_a_word(word):
        return False
    return patronymic(word) or (family(word) and (given(word) or _COMPOUND.fullmatch(word) is not None))
