"""Two languages, and no sentence that only one of them has."""

import pytest

from svenska.language import language_of, translated
from svenska.swedish import SENTENCES
from tests.unit.svenska import sentences


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "sv"}, "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "sv_FI.UTF-8"}, "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": ""}, "sv"),
    ],
)
def test_the_locale_decides(environ: dict[str, str], language: str):
    """Swedish where the first locale variable that is set begins with sv; English by default."""
    assert language_of(environ) == language


def test_every_sentence_has_a_swedish_one_and_none_is_left_over():
    """What the code says and what is translated are the same sentences."""
    said = {one for one in (*sentences.in_help(), *sentences.in_code(), *sentences.states()) if one}
    assert len(said) > 100
    assert said - SENTENCES.keys() == set()
    assert SENTENCES.keys() - said == set()


def test_translations_are_filled_with_the_same_values():
    """A place that only one language has would end the command with a traceback."""
    assert [one for one in SENTENCES if sentences.places(one) != sentences.places(SENTENCES[one])] == []


def test_what_nobody_translated_stays_english():
    """A service's own message, say."""
    assert translated("The disk is full.", "sv") == "The disk is full."
    assert translated("There is no such file.", "en") == "There is no such file."
    assert translated("There is no such file.", "sv") == "Filen finns inte."
