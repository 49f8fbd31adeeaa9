"""Language per segment and shares of the whole."""

from pathlib import Path

import pytest

from batch_worker.pipeline.langid.decide import languages, shares
from batch_worker.pipeline.langid.identifiers import identifier
from shared.errors import StartupError
from tests.unit.batch_worker.pipeline.test_itn import segment

_CODES = ("sv", "en", "no", "da", "fi", "de", "ru")
_DATA = Path(__file__).parents[3] / "data" / "text" / "language.tsv"
_SENTENCES = [tuple(line.split("\t")) for line in _DATA.read_text(encoding="utf-8").splitlines()]


class Told:
    """Says what it was told to say of each text."""

    def __init__(self, answers: dict[str, tuple[str, float]]) -> None:
        self._answers = answers

    def identify(self, text: str) -> tuple[str, float]:
        return self._answers[text]


def marked(answers: list[tuple[str, tuple[str, float]]]) -> list[str]:
    """Return the languages of texts with these answers, all heard as Swedish."""
    segments = [segment(text, id=index) for index, (text, _) in enumerate(answers)]
    return [item.language for item in languages(segments, Told(dict(answers)))]


def test_short_segments_inherit_from_neighbours_that_agree():
    """A word or two between two English segments are English."""
    said = [("this is the one", ("en", 0.9)), ("okay then", ("sv", 0.9)), ("that was it then", ("en", 0.9))]
    assert marked(said) == ["en", "en", "en"]


def test_short_segments_between_different_languages_keep_what_was_heard():
    """Where the neighbours disagree the decoder decides."""
    said = [("this is the one", ("en", 0.9)), ("okay", ("no", 0.9)), ("das war es dann", ("de", 0.9))]
    assert marked(said) == ["en", "sv", "de"]


def test_unsure_texts_do_not_decide():
    """A text that the identifier hardly tells apart keeps what was heard."""
    assert marked([("kom hit nu du", ("da", 0.3))]) == ["sv"]


def test_emoji_and_digits_are_no_words():
    """Text without letters asks nobody and inherits."""
    assert marked([("🙂 123 🙂 456", ("fi", 1.0))]) == ["sv"]


def test_shares_are_of_speaking_time():
    """Seconds count, not segments; silence counts nothing; nothing at all has no shares."""
    said = [segment("a", end=3.0), segment("b", id=1, end=1.0, language="en"), segment(" ", id=2, end=99.0)]
    assert shares(said) == {"sv": 0.75, "en": 0.25}
    assert shares([]) == {}


@pytest.mark.parametrize("name", ["py3langid", "langdetect"])
def test_real_identifiers_tell_languages_apart(name: str):
    """Both adapters tell plain sentences apart and answer for text that holds no letters."""
    ours = identifier(name, _CODES)
    assert ours.identify("Det här är en helt vanlig svensk mening")[0] == "sv"
    assert ours.identify("This is a perfectly ordinary sentence")[0] == "en"
    assert 0.0 <= ours.identify("🙂")[1] <= 1.0


def test_short_sentences_reach_the_bar():
    """Of sentences of 3 to 9 words 96 % are told, of Swedish ones 98 %."""
    ours = identifier("py3langid", _CODES)
    right = [(code, next(languages([segment(text, language="")], ours)).language == code) for code, text in _SENTENCES]
    assert sum(good for _, good in right) / len(right) >= 0.96
    assert sum(good for code, good in right if code == "sv") >= 0.98 * sum(code == "sv" for code, _ in right)


@pytest.mark.parametrize(("name", "codes"), [("py3langid", ("xx",)), ("langdetect", ("sv", "xx")), ("none", ("sv",))])
def test_what_cannot_work_stops_the_start(name: str, codes: tuple[str, ...]):
    """An unknown language or detector is said at start, by the setting's name."""
    with pytest.raises(StartupError, match="LANGUAGE"):
        identifier(name, codes)
