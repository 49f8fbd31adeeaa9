"""Words as sentences and paragraphs."""

from api_server.routes.deepgram_paragraphs import paragraphs
from shared.transcript import Word


def _words(text: str, *, start: float = 0.0) -> list[Word]:
    return [
        Word(start=start + at, end=start + at + 0.5, word=word, probability=0.9) for at, word in enumerate(text.split())
    ]


def test_sentences_end_with_their_marks():
    """Question, exclamation, ellipsis, and a mark inside quotation marks; what has none ends with the words."""
    said = paragraphs(_words("Hej! Hur är det? ”Bra.” Jaså … men"))
    (only,) = said["paragraphs"]
    assert [one["text"] for one in only["sentences"]] == ["Hej!", "Hur är det?", "”Bra.”", "Jaså …", "men"]
    assert (only["start"], only["end"], only["num_words"]) == (0.0, 7.5, 8)
    assert only["sentences"][1] == {"text": "Hur är det?", "start": 1.0, "end": 3.5}


def test_a_pause_ends_a_paragraph():
    """A second and a half of silence between two sentences, and not within one."""
    said = paragraphs([*_words("Ett. Två"), *_words("tre.", start=10), *_words("Fyra.", start=12.0)])
    assert said["transcript"] == "\nEtt. Två tre.\n\nFyra."


def test_a_paragraph_has_five_sentences_at_most():
    """Whoever never pauses gets paragraphs too."""
    counts = [len(one["sentences"]) for one in paragraphs(_words("Ja. " * 12))["paragraphs"]]
    assert counts == [5, 5, 2]


def test_nothing_said_is_no_paragraph():
    """The keys are there all the same."""
    assert paragraphs([]) == {"transcript": "\n", "paragraphs": []}
