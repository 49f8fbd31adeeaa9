"""Sentences written by hand, blind to the stage, with the personal data in them marked.

All values are invented: personnummer with the birth numbers of test persons, telephone numbers from the ranges kept for
fiction, reserved domains and networks, published test cards. Titles, towns and floors are no part of a span, a
genitive's s is. What docs say is missed (a name on no list and without a cue, or in lower case) is marked all the same.
"""

import re
from collections.abc import Iterator
from pathlib import Path

KINDS = {
    "NAME": "PERSON",
    "ID": "SE_PERSONNUMMER",
    "ORG": "SE_ORGANISATIONSNUMMER",
    "TEL": "PHONE_NUMBER",
    "POST": "SE_POSTNUMMER",
    "STREET": "SE_STREET_ADDRESS",
    "BG": "SE_BANKGIRO",
    "PG": "SE_PLUSGIRO",
    "IBAN": "IBAN_CODE",
    "CARD": "CREDIT_CARD",
    "CAR": "SE_LICENSE_PLATE",
    "MAIL": "EMAIL_ADDRESS",
    "URL": "URL",
    "IP": "IP_ADDRESS",
    "MRN": "MEDICAL_RECORD",
}
"""The marks, and the types that they stand for."""

MARK = re.compile(r"\[([A-Z]+):([^\]]+)\]")

Sentence = tuple[str, list[tuple[str, int, int]]]
"""A text with its spans: type, first character, character after the last."""


def second() -> Iterator[Sentence]:
    """Yield 250 sentences, a third of them without anything to find."""
    return _sentences("pii_second.txt")


def third() -> Iterator[Sentence]:
    """Yield 500 sentences, a quarter of them without anything to find."""
    return _sentences("pii_third.txt")


def fourth() -> Iterator[Sentence]:
    """Yield 500 others, made the same way."""
    return _sentences("pii_fourth.txt")


def fifth() -> Iterator[Sentence]:
    """Yield 500 others, made the same way."""
    return _sentences("pii_fifth.txt")


def sixth() -> Iterator[Sentence]:
    """Yield 500 others, made the same way."""
    return _sentences("pii_sixth.txt")


def seventh() -> Iterator[Sentence]:
    """Yield 500 others, made the same way."""
    return _sentences("pii_seventh.txt")


def eighth() -> Iterator[Sentence]:
    """Yield 500 others, made the same way."""
    return _sentences("pii_eighth.txt")


def _sentences(name: str) -> Iterator[Sentence]:
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        yield _parsed(line)


def _parsed(line: str) -> Sentence:
    text, spans, place = "", [], 0
    for mark in MARK.finditer(line):
        text += line[place : mark.start()]
        spans.append((KINDS[mark[1]], len(text), len(text) + len(mark[2])))
        text += mark[2]
        place = mark.end()
    return text + line[place:], spans
