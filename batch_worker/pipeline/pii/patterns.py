"""The kinds of personal data that have a shape, as data."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from batch_worker.pipeline import identity
from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.pii.towns import ENDINGS, FIRST_OF_TWO, TOWNS

_SURE, _LIKELY, _WEAK = 0.9, 0.6, 0.3
_FREE = r"(?<![\w@./-])"
_END = r"(?![\w@]|[-/.,:]\d)"
_STREET = (
    r"(?:gatan|gata|vägen|väg|gränd|gränden|stigen|torget|torg|allén|allé|backen|backe|plan|plats|kajen|leden|esplanaden|"
    r"slingan|stråket|promenaden|kroken|brinken|liden|boulevarden|terrassen|strand)"
)
_HOUSE = r"[ ]\d{1,4}(?:[ ]?[A-Ha-h])?(?:[ ]?(?:lgh|tr)[ ]\d+)?(?!\w)"
_NO_STREET = (
    r"(?!(?:På|I|Vid|Till|Från|Hos|Mot|Längs|Utanför|Bakom|Bredvid|Mellan|Kring|Runt|Nära|Hela|Vår|Vårt|Min|Mitt|Din|Ditt|Er|"
    r"Ert|Bor|Kör|Ta|Åk|Besök|Skicka|Leverera|Ring|Men|Och|Så|Nu|Då|Här|Där|Är|Hej|Ja|Nej|Vi|Jag|Det|Den|Du|Han|Hon|Ni|De|När|"
    r"Om|Att|Som|Huset|Lägenheten|Hörnet|Korsningen|Kontoret|Fastigheten|Sedan|Adress|Adressen|Postadress|Besöksadress|"
    r"Gatan|Skicka|Hämta|Lämna|Flytta|Även|Båda|At|On|In|The|To|From|\w+adress(?:en)?)[ ])"
)
"""Words that begin a sentence, in front of a street, and are no part of it."""
_TWO_WORDS = "|".join(sorted(FIRST_OF_TWO))
_TOWN = rf"(?:{'|'.join(sorted(TOWNS))}|(?:{_TWO_WORDS})|[A-ZÅÄÖ][a-zåäö]+(?:{'|'.join(sorted(ENDINGS))}))(?!\w)"
_IS = r"(?:[ :.]*(?:nr|nummer|numret|number|konto|id|är|is|på|till|no)\b)*[ :.,#]*$"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One kind of personal data."""

    type: str
    """As in the result."""
    regex: str
    """Matches it as written, never inside a longer number or word."""
    score: float
    """Without context, 0 to 1; hits below `analyzer.THRESHOLD` need a word of `context` nearby."""
    context: tuple[str, ...] = ()
    """Stems of words that make a hit likelier; compared as parts of words, so endings need no listing."""
    valid: Callable[[str], bool | None] = lambda _: None
    """True makes a hit sure, False drops it, None leaves the score."""
    after: str = ""
    """Matches the end of the text in front of a hit where that makes it likely: cues of two words, abbreviations."""
    unless: str = ""
    """Matches the end of the text in front of a hit where that makes it something else."""
    around: str = ""
    """Matches in the text around a hit where that makes it likely: cues that may stand far off, or behind it."""
    ignore_case: bool = True


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


_MOBILE = re.compile(r"07[02369]\d{7}$")


def _personnummer(text: str) -> bool | None:
    digits = _digits(text)
    if text == digits and _MOBILE.match(digits):
        return None  # a mobile number may look like somebody born in 2007
    if identity.personnummer(digits):
        return True
    # a slip of the tongue or of the decoder breaks the check digit; context may still tell
    return None if identity.born(digits) else False


def _organisation(text: str) -> bool | None:
    digits = _digits(text)
    if identity.personnummer(digits):
        return False
    return True if identity.organisationsnummer(digits) else None


def _card(text: str) -> bool:
    digits = _digits(text)
    return 13 <= len(digits) <= 19 and identity.luhn(digits) and len(set(digits)) > 1  # noqa: PLR2004 - ISO/IEC 7812


def _iban(text: str) -> bool:
    return identity.iban("".join(text.split()))


def _no_year(text: str) -> bool | None:
    return False if re.fullmatch(r"(?:19|20)\d\d", text) else None


def _postcode(text: str) -> bool | None:
    return False if _digits(text) in _SERVICES else None


_SERVICES = words("11414 11313 11818 11616 11611")
"""The police, advice and directories are called by these."""


def _address_of_a_machine(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _giro(text: str) -> bool | None:
    return None if identity.luhn(_digits(text)) else False


def _plate(text: str) -> bool | None:
    return False if text[:3].upper() in _NO_LETTERS else None


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
_NO_MACHINE = (
    r"(?:\b(?:version\w*|firmware\w*|v|ver|build|release|utgåva\w*|programvara\w*|programvaran|mjukvara\w*|"
    r"drivrutin\w*|kernel|kapitel|kapitlet|avsnitt\w*|paragraf\w*|klausul\w*|punkt|punkten|section|chapter|patch\w*)"
    r"[ :.]+(?:(?:är|nr|nummer|heter|till|från|is|to|from)[ :]+)?(?:\d[\d.]*[ ,]+(?:till|och|eller|to|and|or)[ ]+)?)$"
)
"""Versions and sections are written as addresses of machines are."""
_COUNTED = (
    r"[ ](?:kronor|kr|öre|procent|kilo|gram|meter|kilometer|mil|liter|minuter|timmar|dagar|veckor|år|stycken|poäng|"
    r"personer|gånger|euro|dollar|grader)\b"
)
_NO_POSTCODE = (
    r"\b(?:plus|minus|mellan|gånger|genom|över|från \d[\d ]*till|summan?|saldot?|priset?|beloppet?|kostnaden?|"
    r"blodtryck\w*|trycket|däck\w*|dimension\w*|mått\w*|storlek\w*|order\w*|ärende\w*|faktura\w*|artikel\w*|kod\w*|"
    r"nummer|numret|anknytning\w*|polisen|sjukvård\w*|ring\w*|buss\w*|linje\w*|rum\w*|sal\w*|uppgår|kostar)\b[^.,;!?]{0,12}$"
)
"""Sums, blood pressures, tyres, orders and service numbers may be written in three and two digits."""
_NO_PHONE = (
    r"\b\w*(?:kolli|spårnings|sändnings|paket|order|faktura|ärende|artikel|serie|referens|boknings?|ocr|streckkods?|"
    r"försäkrings|avtals|konto)(?:-?id|-?nr|nummer|numret)?(?: är)?[ :#]*$"
)
"""Parcels, orders and cases have long numbers that may begin with zeros."""
_FIRST_OF_STREET = r"(?:(?:Lilla|Stora|Norra|Södra|Västra|Östra|Gamla|Nya|Övre|Nedre|Inre|Yttre)[ ])?"
_PATH = r"(?:[\w./?=&%-]*[\w/=&%-])?"
"""A path; the sentence's full stop is no part of it."""
_GAP = r"[ \u00a0]?"
_SPELLED = (
    "adam|bertil|cesar|caesar|david|erik|filip|gustav|helge|ivar|johan|kalle|ludvig|martin|niklas|olof|petter|qvintus|"
    "rudolf|sigurd|tore|urban|viktor|wilhelm|xerxes|yngve|zäta"
)
"""The letters of a plate as they are said on the telephone."""
SHAPES = (
    Shape(
        type="SE_PERSONNUMMER",
        regex=rf"{_FREE}(?:(?:18|19|20){_GAP})?\d{{2}}{_GAP}[01]\d{_GAP}[0-9]\d{_GAP}[-+\u2013]?{_GAP}\d{{2}}{_GAP}\d{{2}}{_END}",
        score=_WEAK,
        context=("personnum", "samordningsnum", "persnr", "pnr", "född", "personal identity"),
        valid=_personnummer,
    ),
    Shape(
        type="SE_ORGANISATIONSNUMMER",
        regex=rf"{_FREE}(?:16)?\d{{2}}[2-9]\d{{3}}{_GAP}[-\u2013]?{_GAP}\d{{4}}{_END}",
        score=_WEAK,
        context=("organisationsnum", "orgnr", "org.nr", "orgnum", "bolag", "företag", "förening"),
        valid=_organisation,
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{_FREE}(?:\+|00){_GAP}\d{{2}}{_GAP}(?:\(0\){_GAP})?\d{{1,3}}(?:[ \u00a0/-]?\d{{2,4}}){{2,4}}(?!\d)",
        score=_LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
        unless=_NO_PHONE,
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{_FREE}(?:07[02369]\d?|08|0[1-9]\d{{1,2}})[ \u00a0]?[-\u2013/][ \u00a0]?"
        rf"\d{{2,4}}(?:[ \u00a0-]?\d{{2,3}}){{1,3}}{_END}",
        score=_LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{_FREE}0[1-9]\d{{0,2}}[ \u00a0]\d{{2,3}}[ \u00a0]\d{{2,3}}[ \u00a0]\d{{2}}(?:[ \u00a0]\d{{2}})?{_END}",
        score=_LIKELY,
        unless=_NO_PHONE,
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"(?<!\w)\(0[1-9]\d{{0,2}}\)[ \u00a0]?\d{{2,4}}(?:[ \u00a0-]?\d{{2,3}}){{1,3}}{_END}",
        score=_LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{_FREE}0[ ]?7[ ]?[02369](?:[ \u00a0]?\d){{7}}{_END}",
        score=_LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{_FREE}0[1-9](?:[ \u00a0-]?\d){{5,8}}{_END}",
        score=_WEAK,
        context=("telefon", "mobil", "ring", "sms", "nås", "växel", "nummer", "phone"),
        unless=_NO_PHONE,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{_FREE}(?:SE?[- ]?)?[1-9]\d{{2}}{_GAP}\d{{2}}{_END}",
        score=_WEAK,
        context=("postn", "postadress", "postort", "gatan", "vägen", "adress", "postal"),
        after=rf"\b(?:post (?:nr|nummer|numret|kod|koden|code)|zip code){_IS}",
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{_FREE}[1-9]\d{{4}}(?=,?(?: i)? {_TOWN})",
        score=_LIKELY,
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{_FREE}[1-9]\d{{2}}[ \u00a0]\d{{2}}(?=,?(?: i)? [A-ZÅÄÖ][a-zåäö]{{2,}})",
        score=_LIKELY,
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{_FREE}[1-9]\d{{4}}{_END}(?!{_COUNTED})",
        score=_WEAK,
        after=r"\b(?:leverera\w*|leverans\w*|hemleverans\w*|skicka\w*|frakta\w*|post|posten|bud|budet|brev\w*|paket\w*)\b"
        r"[^.,;:!?\d]{0,25}\btill[ ]$",
    ),
    Shape(
        type="SE_POSTNUMMER",  # thousands would be parted elsewhere
        regex=rf"{_FREE}(?<!\d[ \u00a0])[1-9]\d{{2}}[ \u00a0]\d{{2}}{_END}(?![ \u00a0]?[\d%]|{_COUNTED})",
        score=_LIKELY,
        valid=_postcode,
        unless=_NO_POSTCODE,
    ),
    Shape(
        type="SE_STREET_ADDRESS",
        regex=rf"(?<![\w-])(?:{_NO_STREET}[A-ZÅÄÖ][\wåäöé:.]*[ ])?[A-ZÅÄÖ][\wåäöé]*{_STREET}{_HOUSE}",
        score=_SURE,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",  # `Per Albin Hanssons väg 3`: named after a person, by up to four words
        regex=rf"(?<![\w-])(?:{_NO_STREET}[A-ZÅÄÖ][\wåäöé:.]*[ ](?:(?:von|af|de)[ ])?){{1,4}}(?i:{_STREET}){_HOUSE}",
        score=_SURE,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",
        regex=r"(?<![\w-])[A-ZÅÄÖ][a-zåäöé]{2,}(?:bron|höjden|åsen|ringen|sluttningen|stranden|udden|ängen|lyckan|hagen|dalen)"
        rf"[ ]\d{{1,4}}(?:[ ]?[A-H])?(?!\w)(?!{_COUNTED})",
        score=_LIKELY,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",  # in lower case
        regex=r"(?<![\w-])(?!(?:järn|motor|riks|lands|cykel|europa|läns|bil|luft|vatten|gång|promenad|huvud|åter)v)"
        r"[a-zåäöé]{3,}(?:gatan|vägen|gränden|stigen|allén|backen|torget)[ ]\d{1,4}(?:[ ]?[a-h])?(?!\w)"
        rf"(?!{_COUNTED})",
        score=_LIKELY,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",
        regex=rf"(?<![\w-]){_FIRST_OF_STREET}[A-ZÅÄÖ][\wåäöé]{{2,}}[ ]\d{{1,4}}(?:[ ]?[A-H])?(?!\w)",
        score=_WEAK,
        context=("adress", "gatuadress"),
        after=r"\b(?:(?:huset|gården|torpet|stugan|villan|fastigheten|tomten)(?: (?:på|i|vid|är))?|"
        r"(?:bor|bodde|bosatt|skriven|hemma) (?:på|vid|i))[ ]$",
        ignore_case=False,
    ),
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{_FREE}\d{{3,4}}[-\u2013]\d{{4}}{_END}",
        score=_WEAK,
        context=("bankgiro", "bg-nummer", "bgnr", "giro"),
        after=rf"\b(?:bg|bg-?nr|bank giro\w*){_IS}",
        around=r"\b(?:bank ?)?giro|\b(?:in)?betal|\bmottagare|\b(?:internet)?banken\b|\böverför|\binsättning",
        valid=_giro,
    ),
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{_FREE}\d{{3,4}}[ \u00a0]\d{{4}}{_END}",
        score=_WEAK,
        around=r"\bbank ?giro",
        valid=_giro,
    ),
    Shape(
        type="SE_BANKGIRO",
        regex=rf"{_FREE}\d{{7,8}}{_END}",
        score=_WEAK,
        after=rf"\b(?:bg|bg-?nr|bank ?giro\w*){_IS}",
        valid=_giro,
    ),
    Shape(
        type="SE_PLUSGIRO",
        regex=rf"{_FREE}\d{{1,3}}(?:[ ]?\d{{2}}){{0,3}}[ ]?[-\u2013][ ]?\d{_END}",
        score=_WEAK,
        context=("plusgiro", "postgiro"),
        after=rf"\b(?:pg|pg-?nr|plus giro\w*|post giro\w*){_IS}",
        valid=_giro,
    ),
    Shape(
        type="IBAN_CODE",
        regex=r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?!\w)",
        score=_LIKELY,
        valid=_iban,
        ignore_case=False,  # or the words behind it would be read as its letters
    ),
    Shape(
        type="IBAN_CODE",
        regex=r"(?<!\w)[a-z]{2}\d{2}(?:[ ]?\d{4}){2,7}(?:[ ]?\d{1,3})?(?!\w)",
        score=_LIKELY,
        valid=_iban,
        ignore_case=False,
    ),
    Shape(type="CREDIT_CARD", regex=rf"{_FREE}\d(?:[ -]?\d){{12,18}}{_END}", score=_LIKELY, valid=_card),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=r"(?<!\w)[A-HJ-PR-UW-Z]{3}[ -]?\d{2}[0-9A-HJ-PR-UW-Z](?![\w-])",
        score=_LIKELY,
        context=("registrering", "regnr", "reg.nr", "bil", "skylt"),
        valid=_plate,
        unless=_NO_PLATE,
        ignore_case=False,
    ),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=rf"(?<!\w)(?:(?:{_SPELLED})[ ]){{3}}\d{{2}}[ ]?(?:\d|[A-HJ-PR-UW-Z]|{_SPELLED})(?![\w-])",
        score=_SURE,
    ),
    Shape(
        type="SE_LICENSE_PLATE",
        regex=r"(?<!\w)(?:[A-HJ-PR-UW-Z] ?){3}\d{2}[0-9A-HJ-PR-UW-Z](?![\w-])",
        score=_WEAK,
        context=("registrering", "regnr", "reg.nr", "bil", "skylt"),
        valid=_plate,
        unless=_NO_PLATE,
    ),
    Shape(
        type="EMAIL_ADDRESS",
        regex=r"(?<![\w.+-])[\w.+%-]+@(?:[\w-]+\.)+[^\W\d_]{2,24}(?!\w)",
        score=0.95,
    ),
    Shape(
        type="URL",
        regex=rf"(?<![\w@.])(?:https?://[^\s\"'<>]*[\w/]|www\.[\w-]+(?:\.[\w-]+)+(?:/{_PATH})?|"
        rf"(?:[\w-]+\.)+(?:se|nu|com|org|net|eu|io|info|dk|fi|uk|dev|app|ai|gov|edu|example|local|internal)"
        rf"(?:/{_PATH})?)(?![\w@])",
        score=_LIKELY,
    ),
    Shape(
        type="IP_ADDRESS",
        regex=r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?![\w:]|\.\d)",
        score=_LIKELY,
        valid=_address_of_a_machine,
        unless=_NO_MACHINE,
    ),
    Shape(
        type="MEDICAL_RECORD",
        regex=rf"{_FREE}(?:(?!MRN)[A-Z]{{1,3}}[- ]?)?(?:\d{{4,10}}(?:[-/]\d{{1,6}})?|\d{{2,4}}[-/]\d{{3,6}}){_END}",
        score=_WEAK,
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
        rf"(?:nr|nummer|numret|number|no|id)|mrn)\b{_IS}",
        ignore_case=False,
    ),
    Shape(
        type="MEDICAL_RECORD",
        regex=rf"{_FREE}\d{{1,3}}(?: \d{{2,3}}){{1,3}}{_END}",
        score=_WEAK,
        around=r"\b(?:journal|patient|remiss)(?:en|ens|s)?[ -]?(?:nr|nummer|numret)\b",
    ),
    Shape(
        type="MEDICAL_RECORD",  # five to seven digits: four may be a year, eight a date
        regex=rf"{_FREE}\d{{5,7}}{_END}",
        score=_WEAK,
        around=r"journal(?:en|er|erna)?\b",
    ),
    Shape(
        type="MEDICAL_RECORD",  # `journal 7719032`; four digits would be a year
        regex=rf"{_FREE}\d{{5,10}}{_END}",
        score=_WEAK,
        after=r"\b(?:journal(?:en)?|medical record)(?: är| is)?[ :#]*$",
    ),
)
