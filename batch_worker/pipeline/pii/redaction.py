"""The text without its personal data; pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from batch_worker.pipeline.draft import PiiSpan
from batch_worker.pipeline.options import PiiMode
from shared.transcript import Segment, join_text

LABELS = {
    "SE_PERSONNUMMER": "PERSONNUMMER",
    "SE_ORGANISATIONSNUMMER": "ORGANISATIONSNUMMER",
    "SE_POSTNUMMER": "POSTNUMMER",
    "SE_STREET_ADDRESS": "ADRESS",
    "SE_BANKGIRO": "BANKGIRO",
    "SE_PLUSGIRO": "PLUSGIRO",
    "SE_LICENSE_PLATE": "REGISTRERINGSNUMMER",
    "PHONE_NUMBER": "TELEFONNUMMER",
    "EMAIL_ADDRESS": "E-POST",
    "URL": "WEBBADRESS",
    "IP_ADDRESS": "IP-ADRESS",
    "IBAN_CODE": "IBAN",
    "CREDIT_CARD": "KORTNUMMER",
    "MEDICAL_RECORD": "JOURNALNUMMER",
    "PERSON": "PERSON",
}
"""What stands in a span's place, in brackets."""


def mask(span: PiiSpan) -> str:
    """Return `[PERSONNUMMER]` and the like."""
    return f"[{LABELS.get(span.type, span.type)}]"


def pseudonyms(spans: Iterable[PiiSpan]) -> Callable[[PiiSpan], str]:
    """Return a function that gives equal data of a kind the same numbered token: `[PERSON_1]`.

    Digits and letters alone are compared, and a single name is the person of the last fuller name that holds it:
    `Anna` after `Anna Berg` is the same `[PERSON_1]`.
    """
    tokens: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    latest: dict[str, str] = {}
    for span in spans:
        key = _key(span)
        if (span.type, key) in tokens:
            continue
        known = latest.get(key) if span.type == "PERSON" else None
        if known is None:
            label = LABELS.get(span.type, span.type)
            counts[label] = counts.get(label, 0) + 1
            known = f"[{label}_{counts[label]}]"
        tokens[span.type, key] = known
        if span.type == "PERSON" and " " in key:
            latest |= dict.fromkeys(key.split(), known)
    return lambda span: tokens[span.type, _key(span)]


def _key(span: PiiSpan) -> str:
    if span.type == "PERSON":
        return " ".join(part.removesuffix("s") for part in span.text.casefold().split())
    return "".join(sign for sign in span.text.casefold() if sign.isalnum())


def redacted(segment: Segment, spans: Sequence[PiiSpan], token: Callable[[PiiSpan], str]) -> str:
    """Return the segment's text with each of its spans replaced; the spans are in order and do not overlap."""
    parts: list[str] = []
    place = 0
    for span in spans:
        parts += [segment.text[place : span.start], token(span)]
        place = span.end
    return "".join([*parts, segment.text[place:]])


def redacted_text(segments: Sequence[Segment], spans: Sequence[PiiSpan], mode: PiiMode) -> str:
    """Return the running text in one of the modes; `flag` leaves it as it is."""
    if mode == "flag":
        return join_text(tuple(segments))
    token = pseudonyms(spans) if mode == "pseudonymize" else mask
    own: dict[int, list[PiiSpan]] = {}
    for span in spans:
        own.setdefault(span.segment, []).append(span)
    return join_text(tuple(replace(item, text=redacted(item, own.get(item.id, ()), token)) for item in segments))


def offsets(segments: Iterable[Segment]) -> dict[int, int]:
    """Return where each segment's text begins in the running text, so that spans have places there too."""
    found: dict[int, int] = {}
    place = 0
    for segment in segments:
        stripped = segment.text.strip()
        if stripped:
            found[segment.id] = place - (len(segment.text) - len(segment.text.lstrip()))
            place += len(stripped) + 1
    return found
