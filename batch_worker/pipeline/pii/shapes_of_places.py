"""Where people live: postcodes and streets."""

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.pii.shape import COUNTED, END, FREE, GAP, IS, LIKELY, SURE, WEAK, YEAR, Shape, digits
from batch_worker.pipeline.pii.towns import ENDINGS, FIRST_OF_TWO, TOWNS

_STREET = (
    r"(?:gatan|gata|vägen|väg|gränd|gränden|stigen|torget|torg|allén|allé|backen|backe|plan|plats|platsen|kajen|leden|esplanaden|"
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
_FIRST_OF_STREET = r"(?:(?:Lilla|Stora|Norra|Södra|Västra|Östra|Gamla|Nya|Övre|Nedre|Inre|Yttre)[ ])?"
_TWO_WORDS = "|".join(sorted(FIRST_OF_TWO))
_TOWN = rf"(?:{'|'.join(sorted(TOWNS))}|(?:{_TWO_WORDS})|[A-ZÅÄÖ][a-zåäö]+(?:{'|'.join(sorted(ENDINGS))}))(?!\w)"
_MONTHS = "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december"
_PRICED = (
    r"(?:pris|kostar|kostn|blodtryck|tryck|rabatt|summa|saldo|belopp|resultat|betal|polisen|ring)\w*[^.,;!?]{0,25}$"
)
"""Sums and blood pressures may be written in three and two digits, and service numbers."""
_NO_POSTCODE = (
    r"(?:plus|minus|mellan|gånger|genom|\böver|summa|saldo|pris|belopp|kostn|kostar|betal|rabatt|totalt|blodtryck|trycket|"
    r"däck|dimension|mått|storlek|kod|nummer|numret|\bnr\b|\bocr\b|anknytning|polisen|sjukvård|buss|linje|\brum|\bsal|uppgår|"
    r"resultat|kurs|säng|hastighet|modell|tåg|växel|blir|blev|nedsatt)\w*[^.;!?]{0,40}$"
)
"""So may tyres, beds, orders, trains and much else."""
_POSTED = (
    r"post(?!iti)|adress|\blever|\bskick|\bbud(?:et)?\b|paket|brev|\bhämt|\bområde|fiber|bredband|täckning|flytt|skriv(?:en|na)\b|"
    r"\bbor\b|\bbodde\b|ligger|hemleverans|hemsändning|utkörning"
)
_ADDRESSED = r"\b(?:bor|bodde|adress\w*|skriven|lever\w*|hämt\w*|taxi\w*|ambulans\w*|kör|körde|åk|åkte|gå|ligger)\b"
_SERVICES = words("11414 11313 11818")
"""The police, advice and directories are called by these."""
_LOWEST, _HIGHEST = 100, 984
"""What the first three digits of a postcode can be."""


def _postcode(text: str) -> bool | None:
    found = digits(text)
    taken = found in _SERVICES or found.endswith("000")
    return None if _LOWEST <= int(found[:3]) <= _HIGHEST and not taken else False


PLACES = (
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{FREE}(?:SE?[- ]?)?[1-9]\d{{2}}{GAP}\d{{2}}{END}",
        score=WEAK,
        context=("postn", "postadress", "postort", "gatan", "vägen", "adress", "postal"),
        after=rf"\b(?:post (?:nr|nummer|numret|kod|koden|code)|zip code){IS}",
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{FREE}[1-9]\d{{4}}(?=,? {_TOWN})",
        score=LIKELY,
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{FREE}[1-9]\d{{2}}[ \u00a0]\d{{2}}(?=,? [A-ZÅÄÖ][a-zåäö]{{2,}})",
        score=LIKELY,
        valid=_postcode,
        unless=_PRICED,
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{FREE}[1-9]\d{{4}}{END}(?=[,.?!;]|$| [A-ZÅÄÖ])",
        score=WEAK,
        valid=_postcode,
        after=r"\b(?:(?:leverera\w*|leverans\w*|hemleverans\w*|skicka\w*|frakta\w*|brev\w*|paket\w*)\b"
        r"[^.,;:!?\d]{0,25}\btill|(?:fiber|bredband|täckning|ombud)\b[^.,;:!?\d]{0,25}\b(?:på|till|för))[ ]$",
        unless=r"\b(?:sms|steg|höjdes|sänktes)\b.*$",
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",
        regex=rf"{FREE}[1-9]\d{{2}}[ \u00a0]\d{{2}}(?= i {_TOWN})",
        score=LIKELY,
        valid=_postcode,
        unless=_NO_POSTCODE,
        ignore_case=False,
    ),
    Shape(
        type="SE_POSTNUMMER",  # in groups of three and two, where something is sent, lives or lies
        regex=rf"{FREE}(?<!\d[ \u00a0])[1-9]\d{{2}}[ \u00a0]\d{{2}}{END}(?![ \u00a0]?[\d%]|{COUNTED})",
        score=WEAK,
        valid=_postcode,
        around=_POSTED,
        unless=_NO_POSTCODE,
    ),
    Shape(
        type="SE_STREET_ADDRESS",
        regex=rf"(?<![\w-])(?:{_NO_STREET}[A-ZÅÄÖ][\wåäöé:.]*[ ])?[A-ZÅÄÖ][\wåäöé]*{_STREET}{_HOUSE}",
        score=SURE,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",  # `Per Albin Hanssons väg 3`: named after a person, by up to four words
        regex=rf"(?<![\w-])(?:{_NO_STREET}[A-ZÅÄÖ][\wåäöé:.]*[ ](?:(?:von|af|de)[ ])?){{1,4}}(?i:{_STREET}){_HOUSE}",
        score=SURE,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",  # of other endings
        regex=r"(?<![\w-])[A-ZÅÄÖ][a-zåäöé]{2,}(?:bron|höjden|åsen|(?<!e)ringen|sluttningen|stranden|udden|ängen|(?<!o)lyckan|hagen|"
        rf"(?<!an)dalen)[ ]\d{{1,3}}(?:[ ]?[A-H])?(?!\w)(?!{COUNTED})",
        score=WEAK,
        around=_ADDRESSED,
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",  # in lower case
        regex=r"(?<![\w-])(?!(?:järn|motor|riks|lands|cykel|europa|läns|bil|luft|vatten|gång|promenad|huvud|åter|infarts|utfarts|"
        r"avfarts|tillfarts|genomfarts|vandrings|grus|skogs)v)"
        r"[a-zåäöé]{3,}(?:gatan|vägen|gränden|stigen|allén|backen|torget)[ ]"
        rf"(?!{YEAR})\d{{1,4}}(?:[ ]?[a-h])?(?!\w)(?!{COUNTED}|[ ](?:{_MONTHS})\b)",
        score=WEAK,
        after=r"\b(?:till|bor på|bodde på|skriven på|adressen(?: är)?|ligger på|huset på)[ ]$",
        ignore_case=False,
    ),
    Shape(
        type="SE_STREET_ADDRESS",
        regex=rf"(?<![\w-])(?!(?:Avdelning|Avdelningen|Rum|Hotell|Lägenhet|Plan|Våning|Nummer|Vecka)\b){_FIRST_OF_STREET}"
        rf"[A-ZÅÄÖ][\wåäöé]{{2,}}[ ](?!{YEAR})\d{{1,4}}(?:[ ]?[A-H])?(?!\w)(?!{COUNTED})",
        score=WEAK,
        context=("adress", "gatuadress"),
        after=r"\b(?:huset|gården|torpet|stugan|villan|fastigheten|tomten|bor|bodde|bosatt|skriven|hemma) "
        r"(?:på|vid)[ ]$",
        ignore_case=False,
    ),
)
