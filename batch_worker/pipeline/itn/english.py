"""English basics: numbers, decimals, percent, codes, and the pronoun I."""

from batch_worker.pipeline.itn import codes
from batch_worker.pipeline.itn.phrase import Place, Written, one

_IN_WORDS = 12


def decimal(place: Place) -> Written | None:
    """`three point one four` is 3.14."""
    whole = place.number()
    if whole is None or place.key(whole.count) != "point":
        return None
    count, digits = whole.count + 1, ""
    while (value := place.reader.word(place.key(count))) is not None and value < 10:  # noqa: PLR2004 - one digit
        digits += str(value)
        count += 1
    return one(count, f"{whole.value}.{digits}") if digits else None


def percent(place: Place) -> Written | None:
    """`twenty percent` is 20%."""
    whole = place.number()
    return one(whole.count + 1, f"{whole.value}%") if whole and place.key(whole.count) == "percent" else None


def code(place: Place) -> Written | None:
    """Four and more digits in a row are one number."""
    return codes.code(place)


def number(place: Place) -> Written | None:
    """Numbers above twelve are digits, smaller ones where the line holds nothing else."""
    reading = place.number()
    if reading is None or not place.said(reading) or (reading.value <= _IN_WORDS and reading.count < len(place.line)):
        return None
    if reading.count == 1 and place.key() in place.reader.words.scales:
        return None
    return one(reading.count, str(reading.value))


def pronoun(place: Place) -> Written | None:
    """`i` is I."""
    core = place.line[place.at].core
    return (
        one(1, "I" + core[1:]) if core == "i" or core.startswith(("i'", "i\N{RIGHT SINGLE QUOTATION MARK}")) else None
    )
