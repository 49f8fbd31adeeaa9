"""500 sentences with and without personal data, from hand-written carriers and made-up values; always the same.

`sentences()` yields text and expected spans. The values are invented: check digits are computed, names are combined
at random, addresses use reserved or fictitious domains.
"""

from collections.abc import Iterator
from random import Random

FIRST = [
    "Anna",
    "Björn",
    "Cecilia",
    "David",
    "Elin",
    "Fredrik",
    "Gunilla",
    "Hassan",
    "Ingrid",
    "Jonas",
    "Karin",
    "Lars",
    "Malin",
    "Nils",
    "Olga",
    "Per",
    "Saga",
    "Ture",
]
LAST = [
    "Almqvist",
    "Bergman",
    "Carlsson",
    "Dahlgren",
    "Ek",
    "Forsman",
    "Grip",
    "Hallin",
    "Isaksson",
    "Jonsson",
    "Kling",
    "Lindmark",
    "Nordén",
    "Rosén",
    "Sand",
]
DOMAINS = ("exempel.se", "example.com", "min-firma.nu", "skola.example.org")
DIGITS = ["noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio"]

CARRIERS = (
    "Mitt personnummer är {SE_PERSONNUMMER}.",
    "{SE_PERSONNUMMER} är det jag har.",
    "Kan du slå upp {SE_PERSONNUMMER} i registret?",
    "Det gäller en patient med personnummer {SPOKEN_PERSONNUMMER}, sa hon.",
    "Bolagets organisationsnummer är {SE_ORGANISATIONSNUMMER}.",
    "Fakturera {SE_ORGANISATIONSNUMMER} i stället.",
    "Ring mig på {PHONE_NUMBER} efter lunch.",
    "Numret är {PHONE_NUMBER}, eller hur?",
    "Hon har mobil {SPOKEN_PHONE} numera.",
    "Mejla {EMAIL_ADDRESS} så svarar vi.",
    "Adressen är {EMAIL_ADDRESS}.",
    "Skriv till {SPOKEN_EMAIL} om du vill.",
    "Hej, jag heter {PERSON}.",
    "Jag pratade med {PERSON} igår om räkningen.",
    "I morgon träffar vi {PERSON} och sedan åker vi hem.",
    "{PERSON} ringde och bad om en ny tid.",
    "Patienten {PERSON} mår bättre.",
    "Vi bor på {SE_STREET_ADDRESS} sedan i våras.",
    "Postnumret är {SE_POSTNUMMER}.",
    "Sätt in pengarna på bankgiro {SE_BANKGIRO}.",
    "Kortet har nummer {CREDIT_CARD} och går ut i maj.",
    "Kontot är {IBAN_CODE}.",
    "Bilen med registreringsnummer {SE_LICENSE_PLATE} står fel.",
    "Läs mer på {URL} om du hinner.",
    "Servern har adressen {IP_ADDRESS}.",
    "Journalnummer {MEDICAL_RECORD} ska arkiveras.",
    "{PERSON} har telefon {PHONE_NUMBER} och personnummer {SE_PERSONNUMMER}.",
)  # fmt: skip
NEUTRAL = (
    "Mötet börjar klockan 14:30 den 5 mars 2024.",
    "Det kostar 341,06 kronor med 25 % moms.",
    "Vi åker till Göteborg på fredag och hem på söndag.",
    "Rapporten har 12500 rader och 36 kolumner.",
    "Tack för hjälpen och ha en bra dag!",
    "Enligt Socialstyrelsen är det ovanligt.",
    "Per dag blir det ungefär 150 samtal.",
    "Version 2.4.1 kom ut i höstas.",
    "Koden är 4439 och rummet är 1204.",
    "Bor du i Lund eller i Borg numera?",
    "Blodtrycket var 120/80 och pulsen 64.",
    "Resultatet blev 3-2 efter förlängning.",
    "Stockholms stad och Region Skåne svarade inte.",
    "Vi var mellan 2019-2023 ungefär 45 anställda.",
    "Min mamma och min bror kommer på lördag.",
    "Det var ungefär två hundra tusen kronor för mycket.",
)


def _check(body: str) -> str:
    total = sum(sum(divmod(int(digit) * (1 if place % 2 else 2), 10)) for place, digit in enumerate(body))
    return body + str(-total % 10)


def _personnummer(random: Random) -> str:
    body = f"{random.randint(40, 99)}{random.randint(1, 12):02}{random.randint(1, 28):02}{random.randint(100, 999)}"
    digits = _check(body)
    short = f"{digits[:6]}{random.choice(('-', '-', '', ' '))}{digits[6:]}"
    return random.choice(("", "19")) + short


def _spoken(digits: str) -> str:
    return " ".join(DIGITS[int(digit)] for digit in digits)


def _iban(random: Random) -> str:
    account = "".join(random.choice("0123456789") for _ in range(20))
    check = 98 - int(account + "281400") % 97
    flat = f"SE{check:02}{account}"
    return " ".join(flat[place : place + 4] for place in range(0, len(flat), 4))


def _dashed(digits: str, place: int) -> str:
    return f"{digits[:place]}-{digits[place:]}"


def _fours(text: str) -> str:
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def value(kind: str, random: Random) -> str:
    """Return an invented value of a kind."""

    def some(count: int) -> str:
        return "".join(random.choice("0123456789") for _ in range(count))

    mobile = f"07{random.choice('02369')}{some(7)}"
    mail = f"{random.choice(FIRST).lower()}.{random.choice(LAST).lower()}"
    return {
        "SE_PERSONNUMMER": lambda: _personnummer(random),
        "SPOKEN_PERSONNUMMER": lambda: _spoken(_personnummer(random).replace("-", "").replace(" ", "")[-10:]),
        "SE_ORGANISATIONSNUMMER": lambda: _dashed(_check("556" + some(6)), 6),
        "PHONE_NUMBER": lambda: random.choice(
            (mobile, f"{mobile[:3]}-{mobile[3:6]} {mobile[6:8]} {mobile[8:]}",
                f"+46 {mobile[1:3]} {mobile[3:6]} {mobile[6:]}",
             f"08-{random.randint(100, 999)} {some(3)} {some(2)}")
        ),
        "SPOKEN_PHONE": lambda: _spoken(mobile),
        "EMAIL_ADDRESS": lambda: f"{mail}@{random.choice(DOMAINS)}",
        "SPOKEN_EMAIL": lambda: f"{mail.replace('.', ' punkt ')} snabel a exempel punkt se",
        "PERSON": lambda: f"{random.choice(FIRST)} {random.choice(LAST)}",
        "SE_STREET_ADDRESS": lambda: f"{random.choice(('Storgatan', 'Kungsvägen', 'Björkgränd', 'Linnégatan', 'Östra Allén'))} "  # noqa: E501 - one value
        f"{random.randint(1, 140)}{random.choice(('', '', 'B', ' A'))}",
        "SE_POSTNUMMER": lambda: f"{random.randint(100, 984)} {some(2)}",
        "SE_BANKGIRO": lambda: _dashed(_check(str(random.randint(5, 9)) + some(6)), 4),
        "CREDIT_CARD": lambda: _fours(_check16("4" + some(14))),
        "IBAN_CODE": lambda: _iban(random),
        "SE_LICENSE_PLATE": lambda: "".join(random.choice("ABCDEFGHJKLMNOPRSTUWXYZ") for _ in range(3)) + " " + some(3),
        "URL": lambda: random.choice(("www.exempel.se/priser", "https://example.com/a?b=1", "kommunen.se")),
        "IP_ADDRESS": lambda: f"192.0.2.{random.randint(1, 254)}",
        "MEDICAL_RECORD": lambda: some(7),
    }[kind]()  # fmt: skip


def _check16(body: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(body))
    return body + str(-total % 10)


TYPES = {"SPOKEN_PERSONNUMMER": "SE_PERSONNUMMER", "SPOKEN_PHONE": "PHONE_NUMBER", "SPOKEN_EMAIL": "EMAIL_ADDRESS"}
"""What a spoken value is an example of."""


def sentences(count: int = 500, seed: int = 20) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Yield texts with their spans (type, first character, character after the last)."""
    random = Random(seed)
    for index in range(count):
        if index % 4 == 3:
            yield NEUTRAL[index // 4 % len(NEUTRAL)], []
            continue
        yield _filled(CARRIERS[index % len(CARRIERS)], random)


def _filled(carrier: str, random: Random) -> tuple[str, list[tuple[str, int, int]]]:
    text, spans = "", []
    for part in carrier.replace("}", "{").split("{"):
        if (part.isupper() and "_" in part) or part in {"PERSON", "URL"}:
            written = value(part, random)
            spans.append((TYPES.get(part, part), len(text), len(text) + len(written)))
            text += written
        else:
            text += part
    return text, spans
