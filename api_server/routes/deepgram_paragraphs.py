"""Deepgram's `paragraphs`: a transcript's words as sentences, the sentences as paragraphs."""

from collections.abc import Iterable, Sequence

from api_server.routes.sse import Document
from shared.transcript import Word

_SENTENCES = 5
"""Sentences after which a paragraph ends."""
_PAUSE = 1.5
"""Seconds of silence between two sentences that end one too."""

_Sentence = list[Word]


def paragraphs(words: Iterable[Word]) -> Document:
    """Return words, in order and as written, as Deepgram's paragraphs."""
    parts = _paragraphs(_sentences(words))
    return {
        "transcript": "\n" + "\n\n".join(" ".join(_text(sentence) for sentence in part) for part in parts),
        "paragraphs": [_paragraph(part) for part in parts],
    }


def _sentences(words: Iterable[Word]) -> list[_Sentence]:
    found: list[_Sentence] = []
    ended = True
    for word in words:
        if ended:
            found.append([])
        found[-1].append(word)
        ended = word.word.rstrip("\"'”»)").endswith((".", "?", "!", "…"))
    return found


def _paragraphs(sentences: Iterable[_Sentence]) -> list[list[_Sentence]]:
    found: list[list[_Sentence]] = []
    for sentence in sentences:
        last = found[-1] if found else []
        if last and len(last) < _SENTENCES and sentence[0].start - last[-1][-1].end < _PAUSE:
            last.append(sentence)
        else:
            found.append([sentence])
    return found


def _paragraph(sentences: Sequence[_Sentence]) -> Document:
    return {
        "sentences": [{"text": _text(one), "start": one[0].start, "end": one[-1].end} for one in sentences],
        "num_words": sum(len(one) for one in sentences),
        "start": sentences[0][0].start,
        "end": sentences[-1][-1].end,
    }


def _text(sentence: _Sentence) -> str:
    return " ".join(word.word for word in sentence)
