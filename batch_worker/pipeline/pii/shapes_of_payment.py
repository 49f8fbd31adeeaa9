"""Where money goes: giro numbers, accounts, cards."""

import re

from batch_worker.pipeline import identity
from batch_worker.pipeline.pii.shape import END, FREE, IS, LIKELY, WEAK, Shape, digits


def _card(text: str) -> bool:
    found = digits(text)
    return 13 <= len(found) <= 19 and identity.luhn(found) and len(set(found)) > 1  # noqa: PLR2004 - ISO/IEC 7812


def _iban(text: str) -> bool:
    return identity.iban("".join(text.split()))


def _giro(text: str) -> bool | None:
    halves = re.findall(r"\d+", text)
    years = all(re.fullmatch(r"(?:1[5-9]|20)\d\d", half) for half in halves)
    round_ = all(half.endswith("00") for half in halves)
    return None if identity.luhn(digits(text)) and not years and not round_ else False


PAYMENT = (
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{FREE}\d{{3,4}}[-\u2013]\d{{4}}{END}",
        score=WEAK,
        context=("bankgiro", "bg-nummer", "bgnr", "giro"),
        after=rf"\b(?:bg|bg-?nr|bank giro\w*){IS}",
        around=r"\b(?:bank ?)?giro|\b(?:in)?betal|\bmottagare|\b(?:internet)?banken\b|\böverför|\binsättning|\bbidrag",
        valid=_giro,
    ),
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{FREE}\d{{3,4}}[ \u00a0]\d{{4}}{END}",
        score=WEAK,
        around=r"\bbank ?giro",
        valid=_giro,
    ),
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{FREE}\d{{7,8}}{END}",
        score=WEAK,
        after=rf"\b(?:bg|bg-?nr|bank ?giro\w*){IS}",
        valid=_giro,
    ),
    Shape(
        type="SE_PLUSGIRO",
        regex=rf"{FREE}\d{{1,3}}(?:[ ]?\d{{2}}){{0,3}}[ ]?[-\u2013][ ]?\d{END}",
        score=WEAK,
        context=("plusgiro", "postgiro"),
        after=rf"\b(?:pg|pg-?nr|plus giro\w*|post giro\w*){IS}",
        valid=_giro,
    ),
    Shape(
        type="IBAN_CODE",
        regex=r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)",
        score=LIKELY,
        valid=_iban,
        ignore_case=False,  # or the words behind it would be read as its letters
    ),
    Shape(
        type="IBAN_CODE",  # in lower case, or with a sentence's capital: letters stand for the bank, in front
        regex=r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z]{4})?(?:[ ]?\d{4}){2,7}(?:[ ]?\d{1,3})?(?!\w)",
        score=LIKELY,
        valid=_iban,
    ),
    Shape(type="CREDIT_CARD", regex=rf"{FREE}\d(?:[ -]?\d){{12,18}}{END}", score=LIKELY, valid=_card),
)
