"""Inverse text normalization: lines, times of words, switches, idempotence, round trip."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from num2words import num2words

from batch_worker.pipeline.itn import tidy
from batch_worker.pipeline.itn.cardinal import Reader
from batch_worker.pipeline.itn.lexicon import ENGLISH, SWEDISH
from batch_worker.pipeline.itn.rules import ALL, GRAMMARS
from batch_worker.pipeline.itn.segments import rewrite, rewrite_segment, rewrite_text
from batch_worker.pipeline.itn.token import Token, tokens
from shared.transcript import Segment, Word

_DATA = Path(__file__).parents[3] / "data" / "text" / "itn.tsv"
_SENTENCES = [tuple(line.split("\t")) for line in _DATA.read_text(encoding="utf-8").splitlines()]
_WORDS = st.sampled_from(
    re.split(
        " ",
        "ett två tre tjugo tjugofem hundra tusen noll åtta miljon miljoner "
        "komma procent kronor öre klockan halv kvart i "
        "över och den femte mars punkt se snabel a anna öh eh jag jag, Hej. nej ja! är "
        "5 07 tjugoförsta ... ?? en , minus "
        "grader genom personnummer postnumret telefon plus kod bankgiro 🙂 مرحبا",
    )
)


def segment(text: str, words: tuple[Word, ...] | None = None, **more: object) -> Segment:
    """Return a segment of one text."""
    figures = {"id": 0, "start": 0.0, "end": 9.0, "language": "sv", "avg_logprob": -0.1, "no_speech_prob": 0.0}
    return Segment(
        **{**figures, "compression_ratio": 1.0, "temperature": 0.0, "confidence": 0.9, **more}, text=text, words=words
    )


def spoken(text: str) -> tuple[Word, ...]:
    """Return a word a second, each half a second long, ever less probable."""
    return tuple(
        Word(start=float(index), end=index + 0.5, word=word, probability=1.0 - index / 100)
        for index, word in enumerate(text.split())
    )


@pytest.mark.parametrize(("kind", "said", "written"), _SENTENCES)
def test_sentences_become_what_people_write(kind: str, said: str, written: str):
    """Every sentence of the table comes out as its writer would write it."""
    assert rewrite_text(said, "sv") == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("i have ninety-six cats", "I have 96 cats"),
        ("it was uh two hundred and five percent", "It was 205%"),
        ("the value is three point one four", "The value is 3.14"),
        ("mail bob dot smith at example dot com", "Mail bob.smith@example.com"),
        ("call five five five one two three four", "Call 5551234"),
    ],
)
def test_english_basics(said: str, written: str):
    """English numbers, addresses, fillers and the pronoun are written."""
    assert rewrite_text(said, "en") == written


@settings(deadline=None, max_examples=300)
@given(st.lists(_WORDS, max_size=14).map(" ".join))
def test_rewriting_twice_changes_nothing(text: str):
    """A rewritten text is its own rewrite."""
    once = rewrite_text(text, "sv")
    assert rewrite_text(once, "sv") == once


@settings(deadline=None, max_examples=200)
@example("¹ mars")
@given(st.text(max_size=60))
def test_any_text_survives(text: str):
    """No text breaks a rule, and the rewrite of any text is stable."""
    once = rewrite_text(text, "sv")
    assert rewrite_text(once, "sv") == once


@settings(deadline=None, max_examples=200)
@given(st.lists(_WORDS, min_size=1, max_size=14).map(" ".join))
def test_words_keep_their_times_through_every_rewrite(text: str):
    """Rewritten words are in order, lie within the spoken ones' times, and make up the text."""
    after = rewrite_segment(segment(text, spoken(text)))
    times = [time for word in after.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert {word.start for word in after.words} <= {word.start for word in spoken(text)}
    assert {word.end for word in after.words} <= {word.end for word in spoken(text)}
    assert " ".join(word.word for word in after.words) == after.text


@pytest.mark.parametrize("language", ["sv", "en"])
def test_numbers_come_back_from_num2words(language: str):
    """A sample of 0 to 999,999, said by num2words, is read as the number it was."""
    reader = Reader(SWEDISH if language == "sv" else ENGLISH)
    for number in [*range(1_300), *Random(1).sample(range(1_300, 1_000_000), 1_500)]:
        words = num2words(number, lang=language).replace(",", "").split()
        reading = reader.read(words)
        assert reading is not None
        assert (reading.value, reading.count) == (number, len(words))


def test_a_line_of_nothing_but_a_number_is_written_in_digits():
    """A number said alone is digits, whatever its size."""
    for number in (0, 1, 7, 12, 13, 1_985, 100_000, 999_999):
        assert rewrite_text(num2words(number, lang="sv"), "sv") == str(number)


def test_merged_words_span_their_parts_and_are_as_doubtful_as_the_worst():
    """A written number starts with its first spoken word, ends with its last, and has their lowest probability."""
    said = "Postnumret är tre noll ett åtta fem."
    after = rewrite_segment(segment(said, spoken(said)))
    first, last = after.words[-2:]
    assert (first.word, first.start, first.end, first.probability) == ("301", 2.0, 4.5, 0.96)
    assert (last.word, last.start, last.end, last.probability) == ("85.", 5.0, 6.5, 0.94)
    assert after.original_text == said


def test_the_first_original_text_stays():
    """A segment that another stage rewrote keeps the decoder's own text."""
    after = rewrite_segment(segment("Det kostar femtio kronor.", original_text="Det kostar femton kronor."))
    assert after.original_text == "Det kostar femton kronor."


def test_a_segment_that_needs_nothing_is_returned_as_it_is():
    """Nothing to rewrite means the same object and no original text."""
    before = segment("Allt är bra.")
    assert rewrite_segment(before) is before


@pytest.mark.parametrize("name", sorted(GRAMMARS["sv"].rules))
def test_each_rule_can_be_switched_off(name: str):
    """Some sentence of the table changes when a rule is off, and only rules that are on rewrite."""
    on = ALL - {name}
    assert any(rewrite_text(said, "sv", on=on) != written for _, said, written in _SENTENCES)


def test_no_rule_means_no_change():
    """With every rule off the text is as it was."""
    assert rewrite_text("öh tjugo tre , procent", "sv", on=frozenset()) == "öh tjugo tre , procent"


def test_a_sentence_that_goes_on_gets_no_capital():
    """A segment begins with a capital only where the one before ended its sentence."""
    texts = [item.text for item in rewrite([segment("jag tror att"), segment("det är bra."), segment("ja")])]
    assert texts == ["Jag tror att", "det är bra.", "Ja"]


def test_other_languages_are_only_tidied():
    """A language without a grammar keeps its words."""
    assert rewrite_text("zwanzig euro ,bitte", "de") == "Zwanzig euro, bitte"


class Looked(list[Token]):
    """A line that counts how often it is looked at."""

    times = 0

    def __getitem__(self, place: object) -> object:
        """Return a token, or some."""
        self.times += 1
        return super().__getitem__(place)


def test_a_long_row_of_numbers_is_looked_at_once():
    """Numbers may repeat: each place does not count all that follow it."""
    line = Looked(tokens(["ett"] * 500))
    assert len(tidy.repetitions(line, GRAMMARS["sv"].reader)) == 500
    assert line.times < 50 * 500
