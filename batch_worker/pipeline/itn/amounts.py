"""Swedish amounts: numbers, ranks, decimals, percent, money, measures, quotients."""

from batch_worker.pipeline.itn.cardinal import Reading
from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.itn.phrase import Place, Written, one

_IN_WORDS = 12
"""Numbers up to this stay words in running text (Språkrådet, Svenska skrivregler)."""
_ONE_DIGIT = 10
_ORE = 100
"""Of a krona."""
_MEASURES = words(
    "kilo kg gram hg hekto ton milligram mikrogram liter deciliter centiliter milliliter meter kilometer "
    "centimeter millimeter mil grader kvadratmeter kubikmeter watt kilowatt volt ampere megabyte gigabyte hertz "
    "procentenheter promille kalorier"
)
_MONEY = words("krona kronor kr euro dollar pund")
_SCALED = words("miljon miljoner miljard miljarder")
_PERCENT = words("procent %")
_MINUS = words("det är var blir blev visar visade till från ner på och mellan ungefär cirka")
_WHERE_WHEN = words("ute utomhus inne i på nu idag imorgon inatt ikväll här där hela under")
"""Between these, `minus` before a bare number is its sign."""
_MODALS = words("kan ska skall vill måste får bör skulle kunde ville fick borde hinner brukar")
_SEVERAL = words("vi ni de dom alla")
"""Who may come: `kan ni fyra komma två dagar tidigare`."""
_APPROXIMATE = words("drygt knappt cirka ca ungefär omkring uppemot närmare nästan minst högst exakt")
_PLURALS = ("or", "ar", "er", "are", "stycken", "barn", "djur", "hus", "exemplar", "poäng", "anställda", "skadade")
_NO_NOUNS = words("eller under efter över per var har är mer fler fast inte")
_IDIOMS = words(
    "tack gånger bitar frågor saker tankar känslor ursäkter kramar kyssar pussar nålar hälsningar planer orsaker "
    "skärvor gubbar år sinom sorger"
)
"""What people have a hundred or a thousand of without counting."""


def decimal(place: Place) -> Written | None:
    """`tre komma fem` is 3,5; digits after the comma may be said one by one."""
    sign = _sign(place)
    text, count = _decimal(place, len(sign))
    return one(len(sign) + count, sign + text) if count else None


def _sign(place: Place) -> str:
    """Return the sign of a figure below zero; between two figures, `minus` takes one from the other."""
    previous = place.line[place.at - 1] if place.at else None
    last = previous.key if previous and not previous.tail else ""
    figure = last[-1:].isdecimal() or place.reader.word(last) is not None or last in {"plus", "minus", "en"}
    unit = last in _MEASURES | _MONEY | _SCALED | _PERCENT | {"öre"}
    return "-" if place.key() == "minus" and not figure and not unit else ""


def _decimal(place: Place, offset: int = 0) -> tuple[str, int]:
    whole = place.quantity(offset, "komma")
    if whole is None:
        return "", 0
    count = whole.count + 1
    digits = ""
    while (part := _decimals(place, offset + count)) and part.value < _ONE_DIGIT**3:
        if digits and part.value >= _ONE_DIGIT:
            break
        digits += str(part.value)
        count += part.count
        if part.value >= _ONE_DIGIT:
            break
    if not digits and (written := place.key(offset + count)).isdecimal():
        digits, count = written, count + 1
    if not digits or (_coming(place) and place.key(offset + count) not in _MEASURES | _MONEY | _SCALED | _PERCENT):
        return "", 0
    return f"{whole.value},{digits}", count


def _decimals(place: Place, offset: int) -> Reading | None:
    """Return the next digits behind a comma; a scale behind them is no part: `fyra komma två fem miljoner`."""
    keys = place.keys(offset)
    scale = next((index for index, key in enumerate(keys) if key in _SCALED), len(keys))
    return place.reader.read(keys[:scale], join_tens=False)


def _coming(place: Place) -> bool:
    """Tell whether `komma` is the verb: `kan ni fyra komma två dagar tidigare`."""
    before = place.before()
    whom = 2 if before[-1:] == ("alla",) and len(before) > 2 and before[-2] in _SEVERAL else 1  # noqa: PLR2004 - `vi alla`
    return len(before) > whom and before[-whom - 1] in _MODALS and before[-1] in _SEVERAL


def _figure(place: Place, offset: int = 0) -> tuple[str, int, bool]:
    """Return a decimal or whole number, its count of tokens, and whether any of it was said in words."""
    text, count = _decimal(place, offset)
    if count:
        return text, count, True
    reading = place.number(offset)
    if reading is None:
        key = place.key(offset)
        written = key.replace(",", "", 1).isdecimal()
        return (key, 1, False) if written else ("", 0, False)
    return str(reading.value), reading.count, place.said(reading, offset)


def percent(place: Place) -> Written | None:
    """`tjugofem procent` is 25 %."""
    sign = _sign(place)
    whole = place.quantity(len(sign), "procent")
    text, count = (str(whole.value), whole.count) if whole else _figure(place, len(sign))[:2]
    count += len(sign)
    if not text or place.key(count) != "procent":
        return None
    return Written(count=count + 1, parts=((count, sign + text), (1, "%")))


def money(place: Place) -> Written | None:
    """`fem kronor` is 5 kronor; `tjugo kronor och femtio öre` is 20,50 kronor; `femtio öre` is 50 öre."""
    sign = _sign(place)
    text, count, said = _figure(place, len(sign))
    if not count:
        return None
    text, count, said = sign + text, count + len(sign), said or bool(sign)
    unit = place.key(count)
    if unit == "öre" and said:
        return Written(count=count, parts=((count, text),))
    if unit not in _MONEY or (place.line[place.at].core == "Tre" and place.line[place.at + 1].core == "Kronor"):
        return None
    after = count + 1 + (place.key(count + 1) == "och")
    small = place.number(after)
    coins = small is not None and small.value < _ORE and place.key(after + small.count) == "öre"
    if small and coins and unit in {"krona", "kronor", "kr"} and "," not in text:
        total = after + small.count + 1
        return Written(count=total, parts=((total - 1, f"{text},{small.value:02}"), (1, unit)))
    return Written(count=count, parts=((count, text),)) if said else None


def scaled(place: Place) -> Written | None:
    """`två miljoner` is 2 miljoner and `två komma fem miljoner` is 2,5 miljoner: people write the word."""
    sign = _sign(place)
    text, count = _decimal(place, len(sign))
    if count and place.key(len(sign) + count) in _SCALED:
        return one(len(sign) + count, sign + text)
    keys = place.keys(len(sign))
    whole = next((index for index, key in enumerate(keys[:4]) if key in _SCALED), 0)
    reading = place.reader.read(keys[:whole]) if whole else None
    longer = place.reader.read(keys)
    if reading is None or reading.count != whole or (longer and longer.count > whole + 1):
        return None
    return one(len(sign) + whole, f"{sign}{reading.value}")


def measure(place: Place) -> Written | None:
    """`fem kilo` is 5 kilo; `minus tre grader` is -3 grader."""
    sign = _sign(place)
    text, count, said = _figure(place, len(sign))
    if not count or place.key(count + len(sign)) not in _MEASURES or not (said or sign):
        return None
    return one(count + len(sign), sign + text)


def quotient(place: Place) -> Written | None:
    """`hundratjugo genom åttio` is 120/80, as of blood pressure."""
    over = place.number()
    if over is None or place.key(over.count) not in {"genom", "över"} or over.value <= _IN_WORDS:
        return None
    under = place.number(over.count + 1)
    if (
        under is None
        or under.value <= _IN_WORDS
        or (place.key(over.count) == "över" and "blodtryck" not in " ".join(place.before()))
    ):
        return None
    return one(over.count + 1 + under.count, f"{over.value}/{under.value}")


def rank(word: str, place: Place) -> int | None:
    """Return the rank that an ordinal names: `tjugoförsta` is 21, `5:e` is 5."""
    number, colon, ending = word.partition(":")
    if colon and ending in {"a", "e"} and number.isdecimal():
        return int(number)
    ordinals = place.reader.words.ordinals
    if word in ordinals:
        return ordinals[word]
    for size in range(len(word) - 3, 2, -1):
        last = ordinals.get(word[-size:])
        if last is not None:
            first = place.reader.word(word[:-size])
            return None if first is None else _ranked(first, last)
    return None


def _ranked(first: int, last: int) -> int | None:
    """Return the rank of `tvåhundrade` or `tjugoförsta`; nothing where the parts do not go together."""
    if last in {100, 1_000}:
        return first * last if 0 < first < last else None
    return None if first % 10 or (first % 100 and last >= _ONE_DIGIT) else first + last


def ordinal(place: Place) -> Written | None:
    """`trettonde` is 13:e and `tjugoförsta` is 21:a; up to twelfth they stay words."""
    key = place.key()
    value = rank(key, place) if ":" not in key else None
    if value is None or value <= _IN_WORDS:
        return None
    return one(1, f"{value}:{'a' if key.endswith(('första', 'andra')) else 'e'}")


def number(place: Place) -> Written | None:
    """Numbers above twelve are digits, smaller ones where the line holds nothing else or they are below zero."""
    if below := _below_zero(place):
        return one(1 + below.count, f"-{below.value}")
    reading = place.number()
    if reading is None or not place.said(reading):
        return None
    alone = reading.count == len(place.line) and place.key() != "en"
    if (reading.value <= _IN_WORDS or place.keys()[: reading.count] == ("en", "miljon")) and not alone:
        return None
    if reading.count == 1 and place.key() in place.reader.words.scales and not alone and not _counts(place):
        return None  # `hundra`, `tusen tack`
    return one(reading.count, str(reading.value))


def _below_zero(place: Place) -> Reading | None:
    """Return the number behind `minus` where a temperature or a balance is told: `i natt blir det minus sju`."""
    before = place.before()
    if not _sign(place) or not before or before[-1] not in _MINUS:
        return None
    reading = place.number(1)
    if reading is None or not reading.value:
        return None
    after, then = place.key(1 + reading.count), place.key(2 + reading.count)
    closed = not after or after in _WHERE_WHEN or (after, then) == ("och", "minus")
    return reading if closed else None


def _counts(place: Place) -> bool:
    """Tell whether a bare `hundra` or `tusen` counts what follows, and is not only said for many."""
    counted, before = place.key(1), place.before()
    if counted in _IDIOMS:
        return False
    plural = counted.endswith(_PLURALS) and len(counted) > 3 and counted not in _NO_NOUNS  # noqa: PLR2004 - `per`, `var`
    return plural or bool(before and before[-1] in _APPROXIMATE)
