"""Every rule by name and language, in the order in which they are tried at a place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from batch_worker.pipeline.itn import address, amounts, clock, codes, dates, english, phones
from batch_worker.pipeline.itn.cardinal import Reader
from batch_worker.pipeline.itn.lexicon import ENGLISH, SWEDISH, words
from batch_worker.pipeline.itn.phrase import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """What is rewritten in one language."""

    reader: Reader
    rules: Mapping[str, Rule]
    """Rules on phrases, by name; the first that fits at a place wins."""
    fillers: frozenset[str]
    """Hesitations to leave out."""


GRAMMARS: Mapping[str, Grammar] = {
    "sv": Grammar(
        reader=Reader(SWEDISH),
        rules={
            "address": partial(address.address, signs=address.SWEDISH),
            "date": dates.date,
            "clock": clock.clock,
            "postcode": codes.postcode,
            "giro": codes.giro,
            "personnummer": codes.personal_number,
            "organisationsnummer": codes.organisation_number,
            "telephone": phones.telephone,
            "scaled": amounts.scaled,
            "percent": amounts.percent,
            "money": amounts.money,
            "measure": amounts.measure,
            "decimal": amounts.decimal,
            "code": codes.code,
            "quotient": amounts.quotient,
            "ordinal": amounts.ordinal,
            "number": amounts.number,
        },
        fillers=words("öh öhm öhh eh ehm eeh ehh äh ähm hmm hm mmm öö ööh"),
    ),
    "en": Grammar(
        reader=Reader(ENGLISH),
        rules={
            "address": partial(address.address, signs=address.ENGLISH),
            "percent": english.percent,
            "decimal": english.decimal,
            "code": english.code,
            "number": english.number,
            "pronoun": english.pronoun,
        },
        fillers=words("uh uhm um umm erm er hmm hm mmm"),
    ),
}
TIDY = ("fillers", "repetitions", "spacing", "punctuation", "casing")
"""Rules on whole lines."""
ALL = frozenset({*TIDY, *(name for grammar in GRAMMARS.values() for name in grammar.rules)})
"""The name of every rule."""
