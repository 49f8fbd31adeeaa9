"""Numbers as they are said: counts, digit strings, dates, times, personnummer and telephone numbers."""

from random import Random

from num2words import num2words

from tools.bundled_model.word_list import words

MONTHS = words("januari februari mars april maj juni juli augusti september oktober november december")


def cardinal(number: int, language: str = "sv") -> str:
    """Return the number as one would say it, such as "tvåhundraförtiosju"."""
    return str(num2words(number, lang=language)).replace("etttusen", "ettusen").replace("hundratusen", "hundra tusen")


def ordinal(number: int, language: str = "sv") -> str:
    """Return the rank as one would say it, such as "tjugoförsta"."""
    return str(num2words(number, lang=language, to="ordinal"))


def two_digits(number: int) -> str:
    """Return a number below 100 as said inside a code: a leading zero is spoken."""
    return f"noll {cardinal(number)}" if number < 10 else cardinal(number)  # noqa: PLR2004 - one digit


def digits(random: Random, count: int, language: str = "sv") -> str:
    """Return so many digits, said one by one."""
    return " ".join(cardinal(random.randrange(10), language) for _ in range(count))


def count(random: Random, language: str = "sv") -> str:
    """Return a count: mostly small, at times in the hundreds or thousands."""
    ceiling = random.choice((20, 99, 99, 999, 999, 9999))
    return cardinal(random.randint(1, ceiling), language)


def code(random: Random) -> str:
    """Return a code of 3 to 11 digits, now and then said in pairs."""
    if random.random() < 0.8:  # noqa: PLR2004 - a share
        return digits(random, random.randint(3, 11))
    return " ".join(two_digits(random.randrange(100)) for _ in range(random.randint(2, 5)))


def personnummer(random: Random) -> str:
    """Return a made-up Swedish personal identity number: year, month, day, then four digits."""
    year = random.choice(("", "", "", "nitton ", "tjugo ")) + two_digits(random.randrange(100))
    return " ".join(
        (year, two_digits(random.randint(1, 12)), two_digits(random.randint(1, 28)), digits(random, 4)),
    )


def organisationsnummer(random: Random) -> str:
    """Return a made-up organisation number: ten digits, said one by one."""
    head = random.choice(("fem fem", "fem fem", "sju sex", "nio sex", "åtta noll"))
    return f"{head} {digits(random, 8)}"


def telephone(random: Random) -> str:
    """Return a made-up telephone number, mobile or with an area code."""
    if random.random() < 0.75:  # noqa: PLR2004 - a share
        return f"noll sju {cardinal(random.choice((0, 2, 3, 6, 9)))} {digits(random, 7)}"
    return f"noll {random.choice(('åtta', 'trettioett', 'nitton', 'nittio'))} {digits(random, 6)}"


def clock(random: Random) -> str:
    """Return a time of day."""
    hour = cardinal(random.randint(1, 24))
    kind = random.random()
    if kind < 0.4:  # noqa: PLR2004 - a share
        return hour
    if kind < 0.8:  # noqa: PLR2004 - a share
        return f"{hour} och {cardinal(random.choice((5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55)))}"
    return random.choice(("halv ", "kvart över ", "kvart i ", "tio i ", "fem över ")) + cardinal(random.randint(1, 12))


def date(random: Random) -> str:
    """Return a day of a month, at times with its year."""
    day = f"den {ordinal(random.randint(1, 31))} {random.choice(MONTHS)}"
    if random.random() < 0.8:  # noqa: PLR2004 - a share
        return day
    return f"{day} {random.choice(('nitton', 'tjugo'))}hundra{cardinal(random.randint(1, 99))}"
