"""Sentences to speak: filled templates, strings of digits, and frequent words in random order."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tools.bundled_model import numbers, slots

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SLOT: Final = re.compile(r"\{(\w+)\}")
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """The frequent words of a language."""

    words: Sequence[str]
    """Lower-case words, the most frequent first."""
    weights: Sequence[float]
    """How often each word is drawn, relative to the others."""


def load_lexicon(language: str, size: int) -> Lexicon:
    """Return the most frequent words of a language, drawn by the root of their frequency (from `wordfreq`)."""
    from wordfreq import top_n_list, word_frequency  # noqa: PLC0415 - only the training environment has it

    allowed = re.compile(r"[a-zåäöéæøß]+" if language != "ru" else r"[а-яё]+")  # noqa: RUF001 - Russian is meant
    single = {"i", "å", "ö", "a"}
    ranked = [word for word in top_n_list(language, 2 * size) if allowed.fullmatch(word)]
    words = [word for word in ranked if len(word) > 1 or word in single][:size]
    return Lexicon(words=words, weights=[word_frequency(word, language) ** 0.5 for word in words])


def normalize(text: str) -> str:
    """Return the text as it is scored: lower case, words only, single spaces."""
    return " ".join(_WORD.findall(text.lower()))


def load_templates(language: str) -> list[str]:
    """Return the sentence templates of a language."""
    return (_TEMPLATES / f"{language}.txt").read_text(encoding="utf-8").splitlines()


def _email(random: Random) -> str:
    local = random.choice(slots.FIRST_NAMES).lower()
    if random.random() < 0.8:  # noqa: PLR2004 - a share
        local += f" punkt {random.choice(slots.LAST_NAMES).lower()}"
    return f"{local} snabel a {random.choice(slots.DOMAINS)} punkt {random.choice(slots.TOP_DOMAINS)}"


def _plate(random: Random) -> str:
    letters = " ".join(random.choice(slots.LETTERS) for _ in range(3))
    return f"{letters} {numbers.digits(random, 3)}"


def _pick(words: Sequence[str]) -> Callable[[Random], str]:
    return lambda random: random.choice(words)


FILLERS: Final[Mapping[str, Mapping[str, Callable[[Random], str]]]] = {
    "sv": {
        "first": _pick(slots.FIRST_NAMES),
        "last": _pick(slots.LAST_NAMES),
        "city": _pick(slots.CITIES),
        "street": _pick(slots.STREETS),
        "day": _pick(slots.DAYS),
        "month": _pick(numbers.MONTHS),
        "body": _pick(slots.BODY),
        "medicine": _pick(slots.MEDICINES),
        "thing": _pick(slots.THINGS),
        "person": numbers.personnummer,
        "org": numbers.organisationsnummer,
        "phone": numbers.telephone,
        "clock": numbers.clock,
        "date": numbers.date,
        "count": numbers.count,
        "code": numbers.code,
        "rank": lambda random: numbers.ordinal(random.randint(1, 31)),
        "four": lambda random: numbers.digits(random, 4),
        "postal": lambda random: numbers.digits(random, 5),
        "email": _email,
        "plate": _plate,
    },
    "en": {
        "first": _pick(slots.ENGLISH_FIRST_NAMES),
        "last": _pick(slots.ENGLISH_LAST_NAMES),
        "city": _pick(slots.ENGLISH_CITIES),
        "day": _pick(slots.ENGLISH_DAYS),
        "month": _pick(slots.ENGLISH_MONTHS),
        "count": lambda random: numbers.cardinal(random.randint(1, 99), "en"),
        "digits": lambda random: numbers.digits(random, random.randint(3, 8), "en"),
    },
}
"""By language: how to fill each slot of its templates."""


def fill(template: str, language: str, random: Random) -> str:
    """Return the template with every slot filled, its first letter a capital."""
    fillers = FILLERS[language]
    filled = _SLOT.sub(lambda slot: fillers[slot[1]](random), template)
    return filled[0].upper() + filled[1:]


def random_words(lexicon: Lexicon, language: str, random: Random) -> str:
    """Return 1 to 12 frequent words in random order, punctuated like a sentence."""
    size = random.randint(1, 12)
    by_frequency = random.random() < 0.5  # noqa: PLR2004 - a share
    words = random.choices(lexicon.words, weights=lexicon.weights if by_frequency else None, k=size)
    if language == "en":
        words = ["I" if word == "i" else word for word in words]
    if size > 4 and random.random() < 0.4:  # noqa: PLR2004 - a share
        words[random.randint(1, size - 3)] += ","
    sentence = " ".join(words)
    return sentence[0].upper() + sentence[1:] + random.choice("....?!")


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes sentences of one language."""

    language: str
    """ISO 639-1 code."""
    lexicon: Lexicon
    templates: Sequence[str] = ()
    """Sentence templates; empty where only random words are written."""
    held_out: Collection[str] = frozenset()
    """Normalized sentences never to be written: those of the test clips."""
    template_share: float = 0.45
    """Of the sentences, where there are templates; nearly all others are random words."""

    def sentence(self, random: Random) -> str:
        """Return a sentence that is not held out."""
        while True:
            text = self._draft(random)
            if normalize(text) not in self.held_out:
                return text

    def _draft(self, random: Random) -> str:
        kind = random.random()
        if self.templates and kind < self.template_share:
            return fill(random.choice(self.templates), self.language, random)
        if self.language == "sv" and kind < self.template_share + 0.05:
            return numbers.code(random).capitalize() + "."
        return random_words(self.lexicon, self.language, random)
