import json
import re
from pathlib import Path
from random import Random

import pytest

from tools.bundled_model import numbers
from tools.bundled_model.held_out import held_out_sentences
from tools.bundled_model.text import FILLERS, Lexicon, Writer, fill, load_templates, normalize, random_words

_LEXICON = Lexicon(words=("hej", "sol", "bil", "i"), weights=(4.0, 3.0, 2.0, 1.0))
_SHARED_CLIPS = Path(__file__).parents[3] / "shared" / "audio"


def _writer(held_out: frozenset[str] = frozenset(), templates: tuple[str, ...] = ()) -> Writer:
    return Writer(language="sv", lexicon=_LEXICON, templates=templates, held_out=held_out)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "noll"),
        (49, "förtionio"),
        (144, "etthundraförtiofyra"),
        (685, "sexhundraåttiofem"),
        (1234, "ettusen tvåhundratrettiofyra"),
    ],
)
def test_a_count_is_spelled_as_it_is_said(number: int, said: str):
    """Swedish counts are single words below a thousand."""
    assert numbers.cardinal(number) == said


def test_a_leading_zero_is_spoken():
    """A month in a personnummer is two digits, so 3 is "noll tre"."""
    assert (numbers.two_digits(3), numbers.two_digits(12)) == ("noll tre", "tolv")


def test_a_personnummer_ends_in_four_single_digits():
    """Year, month and day may be said in pairs; the last four never are here."""
    said = numbers.personnummer(Random(1)).split()
    assert set(said[-4:]) <= {numbers.cardinal(digit) for digit in range(10)}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_slot_of_every_template_can_be_filled(language: str):
    """A template with a slot that nothing fills would be spoken with braces."""
    random = Random(2)
    for template in load_templates(language):
        assert set(re.findall(r"\{(\w+)\}", template)) <= set(FILLERS[language])
        assert "{" not in fill(template, language, random)


def test_the_same_seed_writes_the_same_sentences():
    """A shard can be made again from its number."""
    writer = _writer(templates=tuple(load_templates("sv")))
    first, second = ([writer.sentence(Random(seed)) for seed in range(20)] for _ in range(2))
    assert first == second


def test_random_words_read_like_a_sentence():
    """A capital first, a mark last."""
    sentence = random_words(_LEXICON, "sv", Random(3))
    assert sentence[0].isupper()
    assert sentence[-1] in ".?!"


def test_a_held_out_sentence_is_never_written():
    """Case and punctuation do not let one through."""
    writer = _writer(
        held_out=frozenset({normalize("Ja, det stämmer.")}), templates=("Ja, det stämmer!", "Det låter bra.")
    )
    written = {normalize(writer.sentence(Random(seed))) for seed in range(300)}
    assert normalize("Ja, det stämmer") not in written
    assert normalize("Det låter bra") in written


def test_held_out_are_the_sentences_and_the_whole_text(tmp_path: Path):
    """Training on one sentence of a longer test clip would be training on it."""
    clip = {"text": "Hej då. Vi ses!", "segments": [{"text": "Hej då."}, {"text": "Vi ses!"}]}
    (tmp_path / "sv").mkdir()
    (tmp_path / "sv" / "sv-00.json").write_text(json.dumps(clip), encoding="utf-8")
    assert held_out_sentences(tmp_path) == {"hej då", "vi ses", "hej då vi ses"}


@pytest.mark.skipif(not _SHARED_CLIPS.exists(), reason="the test clips lie beside the checkout, not in it")
def test_no_template_writes_a_test_sentence():
    """Of 20,000 filled templates none is a sentence of the test clips."""
    held_out = held_out_sentences(_SHARED_CLIPS)
    writer, random = _writer(held_out=held_out, templates=tuple(load_templates("sv"))), Random(5)
    assert held_out
    assert not {normalize(writer.sentence(random)) for _ in range(20_000)} & held_out
