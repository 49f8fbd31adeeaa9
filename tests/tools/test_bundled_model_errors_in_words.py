import math

import pytest

from tools.bundled_model.errors_in_words import edits, word_error_rate


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a b", "a b b b", 2),
        ("", "a b", 2),
        ("a b", "", 2),
    ],
)
def test_edits_are_the_fewest_changes(said: str, heard: str, errors: int):
    """Substituted, missing and added words count one each."""
    assert edits(said.split(), heard.split()) == errors


def test_case_and_punctuation_do_not_count():
    """The figure is about words."""
    assert word_error_rate([("Hej, jag heter Åsa.", "hej jag heter åsa")]) == 0


def test_errors_are_shared_over_all_words():
    """One error in four words, in whichever clip, is 25 percent."""
    assert word_error_rate([("ett två tre", "ett två tre"), ("fyra", "fem")]) == 25


def test_no_words_give_no_figure():
    """A missing folder of clips must not look like a perfect score."""
    assert math.isnan(word_error_rate([]))
