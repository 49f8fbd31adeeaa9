"""Where people and machines are reached: telephone, mail, web, network."""

from ipaddress import ip_address

from batch_worker.pipeline.pii.shape import END, FREE, GAP, LIKELY, WEAK, Shape


def _address_of_a_machine(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_NO_PHONE = (
    r"\b\w*(?:kolli|spårnings|sändnings|leverans|paket|order|faktura|ärende|artikel|serie|referens|boknings?|ocr|streckkods?|"
    r"försäkrings|avtals|konto)-?(?:id|nr|nummer|numret)(?: är)?[ :#]*$"
)
"""Parcels, orders and cases have long numbers that may begin with zeros."""
_NO_MACHINE = (
    r"(?:\b(?:version\w*|firmware\w*|v|ver|build|release|utgåva\w*|programvara\w*|programvaran|mjukvara\w*|"
    r"drivrutin\w*|kernel|kapitel|kapitlet|avsnitt\w*|paragraf\w*|klausul\w*|punkt|punkten|section|chapter|patch\w*)"
    r"[ :.]+(?:(?:är|nr|nummer|heter|till|från|is|to|from)[ :]+)?(?:\d[\d.]*[ ,]+(?:till|och|eller|to|and|or)[ ]+)?)$"
)
"""Versions and sections are written as addresses of machines are."""
_PATH = r"(?:[\w./?=&%-]*[\w/=&%-])?"
"""A path; the sentence's full stop is no part of it."""
CONTACT = (
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{FREE}(?:\+|00){GAP}\d{{2}}{GAP}(?:\(0\){GAP})?\d{{1,3}}(?:[ \u00a0/-]?\d{{2,4}}){{2,4}}(?!\d)",
        score=LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
        unless=_NO_PHONE,
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{FREE}(?:07[02369]\d?|08|0[1-9]\d{{1,2}})[ \u00a0]?[-\u2013/][ \u00a0]?"
        rf"\d{{2,4}}(?:[ \u00a0-]?\d{{2,3}}){{1,3}}{END}",
        score=LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",  # in groups
        regex=rf"{FREE}(?:08|0[1-9]\d{{1,2}})[ \u00a0]\d{{3}}[ \u00a0]\d{{2,3}}(?:[ \u00a0]\d{{2}})?{END}",
        score=LIKELY,
        unless=_NO_PHONE,
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"(?<!\w)\(0[1-9]\d{{0,2}}\)[ \u00a0]?\d{{2,4}}(?:[ \u00a0-]?\d{{2,3}}){{1,3}}{END}",
        score=LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{FREE}0[ ]?7[ ]?[02369](?:[ \u00a0]?\d){{7}}{END}",
        score=LIKELY,
        context=("telefon", "mobil", "ring", "sms", "nås", "nummer", "phone"),
    ),
    Shape(
        type="PHONE_NUMBER",
        regex=rf"{FREE}0[1-9](?:[ \u00a0-]?\d){{5,8}}{END}",
        score=WEAK,
        context=("telefon", "mobil", "ring", "sms", "nås", "växel", "nummer", "phone"),
        unless=_NO_PHONE,
    ),
    Shape(
        type="EMAIL_ADDRESS",
        regex=r"(?<![\w.+-])[\w.+%-]+@(?:[\w-]+\.)+[^\W\d_]{2,24}(?!\w)",
        score=0.95,
    ),
    Shape(
        type="URL",
        regex=rf"(?<![\w@.])(?:https?://[^\s\"'<>]*[\w/]|www\.[\w-]+(?:\.[\w-]+)+(?:/{_PATH})?|"
        rf"(?:[\w-]+\.)+(?:se|nu|com|org|net|eu|io|info|dk|uk|gov|edu|example)"
        rf"(?:/{_PATH})?)(?![\w@])",
        score=LIKELY,
    ),
    Shape(
        type="IP_ADDRESS",
        regex=r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?![\w:]|\.\d)",
        score=LIKELY,
        valid=_address_of_a_machine,
        unless=_NO_MACHINE,
    ),
)
