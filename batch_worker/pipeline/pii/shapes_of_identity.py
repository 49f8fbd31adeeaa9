"""The numbers that people, firms, cars and records are known by."""

import re

from batch_worker.pipeline import identity
from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.pii.shape import COUNTED, END, FREE, GAP, IS, LIKELY, SURE, WEAK, Shape, digits

_MOBILE = re.compile(r"07[02369]\d{7}$")


def _personnummer(text: str) -> bool | None:
    found = digits(text)
    if text == found and _MOBILE.match(found):
        return None  # a mobile number may look like somebody born in 2007
    if identity.personnummer(found):
        return True
    # a slip of the tongue or of the decoder breaks the check digit; context may still tell
    return None if identity.born(found) else False


def _organisation(text: str) -> bool | None:
    found = digits(text)
    if identity.personnummer(found):
        return False
    return True if identity.organisationsnummer(found) else None


def _plate(text: str) -> bool | None:
    return False if text[:3].upper() in _NO_LETTERS else None


def _no_year(text: str) -> bool | None:
    return False if re.fullmatch(r"(?:\d\d[-/])?(?:19|20)\d\d", text) else None


def _long(text: str) -> bool | None:
    return None if len(digits(text)) > 5 else False  # noqa: PLR2004 - `10 12` is a time


_NO_LETTERS = words(
    "ERR SEK USD EUR NOK DKK GBP USB GTX RTX AMD CPU RAM ROM PDF XML SQL SMS TEL FAX RAL ART KAP DEL SAL RUM HUS KOD "
    "PCR HPV EKG MRT LED LCD TOP MAX SKU"
)
"""Letters in front of three digits that are an abbreviation or a currency; their plates are missed."""
_NO_PLATE = (
    r"\b(?:fel\w*|error\w*|err|modell\w*|model|artikel\w*|artiklar\w*|art|typ\w*|type|serie\w*|produkt\w*|product|"
    r"version\w*|\w*koden?|code|kurs\w*|course|rum\w*|room|sal\w*|order\w*|flyg\w*|flight|flighten|del|delen|"
    r"reservdel\w*|standard\w*|\w*maskin\w*|\w*apparat\w*|\w*dragaren|\w*skrivaren|\w*verktyget|kameran|skärmen|"
    r"pris\w*|priset|avgift\w*|belopp\w*)"
    r"[ :]+(?:(?:är|heter|nr|nummer|numret|is|number|blev|i|på|med|koden|code|no)[ :.]+){0,2}$"
)
"""Errors, models, articles, courses, rooms, flights and prices are written as plates are."""
_SPELLED = (
    "adam|bertil|cesar|caesar|david|erik|filip|gustav|helge|ivar|johan|kalle|ludvig|martin|niklas|olof|petter|qvintus|"
    "rudolf|sigurd|tore|urban|viktor|wilhelm|xerxes|yngve|zäta"
)
"""The letters of a plate as they are said on the telephone."""
IDENTITY = (
    Shape(
        type="SE_PERSONNUMMER",
        regex=rf"{FREE}(?:(?:18|19|20){GAP})?\d{{2}}{GAP}[01]\d{GAP}[0-9]\d{GAP}[-+\u2013]?{GAP}\d{{2}}{GAP}\d{{2}}{END}",
        score=WEAK,
        context=("personnum", "samordningsnum", "persnr", "pnr", "född", "personal identity"),
        valid=_personnummer,
    ),
    Shape(
        type="SE_ORGANISATIONSNUMMER",
        regex=rf"{FREE}(?:16)?\d{{2}}[2-9]\d{{3}}{GAP}[-\u2013]?{GAP}\d{{4}}{END}",
        score=WEAK,
        context=("organisationsnum", "orgnr", "org.nr", "orgnum", "bolag", "företag", "förening"),
        valid=_organisation,
    ),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=r"(?<!\w)[A-HJ-PR-UW-Z]{3}[ -]?\d{2}[0-9A-HJ-PR-UW-Z](?![\w-])",
        score=LIKELY,
        context=("registrering", "regnr", "regnum", "reggn", "reg.nr", "bil", "skylt"),
        valid=_plate,
        unless=_NO_PLATE,
        ignore_case=False,
    ),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=rf"(?<!\w)(?:(?:{_SPELLED})[ ]){{3}}(?:\d{{3}}|\d{{2}}[ ]?(?:[A-HJ-PR-UW-Z]|{_SPELLED}))"
        rf"(?![\w-])(?!{COUNTED})",
        score=SURE,
    ),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=r"(?<!\w)(?:[A-HJ-PR-UW-Z] ?){3}\d ?\d ?[0-9A-HJ-PR-UW-Z](?![\w-])",
        score=WEAK,
        context=("registrering", "regnr", "regnum", "reggn", "reg.nr", "bil", "skylt"),
        valid=_plate,
        unless=_NO_PLATE,
    ),
    Shape(
        type="MEDICAL_RECORD",
        regex=rf"{FREE}(?:(?!MRN)[A-Z]{{1,3}}[- ]?)?(?:\d{{4,10}}(?:[-/]\d{{1,6}})?|\d{{2,4}}[-/]\d{{3,6}}){END}",
        score=WEAK,
        context=(
            "journaln",
            "journalid",
            "patientn",
            "patientid",
            "patient-id",
            "reservnum",
            "remissn",
        ),
        valid=_no_year,
        after=r"\b(?:(?:journal|patient|remiss|reservs?|medical record|patient record|chart|record)(?:en|ens|s)?[ -]?"
        rf"(?:nr|nummer|numret|number|no|id)|mrn)\b{IS}",
        ignore_case=False,
    ),
    Shape(
        type="MEDICAL_RECORD",  # in groups
        regex=rf"{FREE}\d{{1,3}}(?: \d{{1,3}}){{1,7}}{END}",
        score=WEAK,
        valid=_long,
        after=r"\b(?:journal|patient|remiss)(?:en|ens|s)?[ -]?(?:nr|nummer|numret)\b\D{0,40}$",
    ),
    Shape(
        type="MEDICAL_RECORD",  # five to seven digits: four may be a year, eight a date
        regex=rf"{FREE}\d{{5,7}}{END}(?!{COUNTED})",
        score=WEAK,
        after=r"journal(?:en|er|erna)?\b[^.!?]{0,50}(?:\b(?:nummer|nr|och)|[,:])[ ]$",
    ),
    Shape(
        type="MEDICAL_RECORD",  # `journal 7719032`; four digits would be a year
        regex=rf"{FREE}\d{{5,10}}{END}",
        score=WEAK,
        after=r"\b(?:journal(?:en)?|medical record)(?: är| is)?[ :#]*$",
    ),
)
