"""Long recordings, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.engine.base import SAMPLE_RATE, DecodeOptions, Samples, Turn
from api_server.engine.fake import INFO, FakeDecoding, FakeTranscriber
from api_server.engine.lanes import Lane
from api_server.engine.recording import PIECE_SECONDS, Outcome, pieces, recognize, shift
from shared.errors import Cancelled
from shared.transcript import Segment, Word

SEGMENT = Segment(
    id=0,
    start=1.0,
    end=2.5,
    text="Hej",
    language="sv",
    avg_logprob=-0.2,
    no_speech_prob=0.01,
    compression_ratio=1.0,
    temperature=0.0,
    confidence=0.8,
    words=(Word(start=1.0, end=1.5, word="Hej", probability=0.9),),
)


class Turns:
    """Lets everyone go on and takes note."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def next_window(self) -> None:
        self.log.append("window")

    def rest(self) -> None:
        self.log.append("rest")


class Scripted:
    """Hears another list of segments in each piece, in another language."""

    info = INFO

    def __init__(self, *heard: tuple[str, Sequence[Segment]]) -> None:
        self._heard: Iterator[tuple[str, Sequence[Segment]]] = iter(heard)
        self.requests: list[DecodeOptions] = []

    def decode(self, samples: Samples, options: DecodeOptions, turn: Turn) -> FakeDecoding:
        self.requests.append(options)
        language, segments = next(self._heard)
        return FakeDecoding(iter(segments), language=options.language or language, probability=0.8, speech=10.0)

    def decode_partials(self, batch: Sequence[Samples], options: DecodeOptions, turn: Turn) -> list[str]:
        return [""] * len(batch)

    def close(self) -> None:
        pass


def hum(seconds: float) -> Samples:
    """Return something that is not silence."""
    return np.full(round(seconds * SAMPLE_RATE), 0.1, np.float32)


def through(transcriber: Scripted | FakeTranscriber, seconds: float, options: DecodeOptions) -> Outcome:
    """Decode that much of it."""
    return recognize(transcriber, hum(seconds), options, Turns())


@given(st.integers(0, 100), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_pieces_are_the_recording(tenths: int, seconds: int, seed: int):
    """Nothing is lost, doubled or moved, and only the last piece may exceed the length, by less than half."""
    samples = np.random.default_rng(seed).random(tenths * SAMPLE_RATE // 10 + seed % 1600, np.float32)
    parts = list(pieces(samples, seconds=seconds))
    assert np.array_equal(np.concatenate([part for _offset, part in parts]), samples)
    assert [offset for offset, _part in parts] == [0, *np.cumsum([part.size for _offset, part in parts])[:-1]]
    assert all(part.size <= seconds * 1.5 * SAMPLE_RATE for _offset, part in parts)


def test_a_cut_is_made_in_the_quietest_place():
    """Not in the middle of a word: in the pause, wherever it is in the piece's last stretch."""
    samples = hum(40)
    samples[round(17.2 * SAMPLE_RATE) : round(17.3 * SAMPLE_RATE)] = 0.0
    (first, second) = pieces(samples, seconds=20)
    assert first[0] == 0
    assert second[0] / SAMPLE_RATE == pytest.approx(17.25)


def test_a_short_recording_is_one_piece():
    """It is not copied either."""
    samples = hum(60)
    ((offset, piece),) = pieces(samples)
    assert offset == 0
    assert np.shares_memory(piece, samples)


def test_an_empty_recording_is_heard_and_empty():
    """No segments, no failure."""
    outcome = through(FakeTranscriber(), 0, DecodeOptions())
    assert (outcome.segments, outcome.duration_after_vad) == ((), 0.0)


def test_times_and_ids_count_from_the_beginning_of_the_recording():
    """Across pieces, and from the offset on."""
    told: list[Segment] = []
    outcome = recognize(
        FakeTranscriber("ett", "två", window_seconds=300),
        hum(2 * PIECE_SECONDS),
        DecodeOptions(language="sv", word_timestamps=True),
        Turns(),
        offset=1000.0,
        on_segment=told.append,
    )
    assert tuple(told) == outcome.segments
    assert [segment.id for segment in told] == list(range(len(told)))
    assert told[0].start == 1000.0
    assert told[-1].end == pytest.approx(1000.0 + 2 * PIECE_SECONDS)
    assert all(one.end <= other.start + 0.001 for one, other in pairwise(told))
    assert all(segment.words and segment.words[0].start == segment.start for segment in told)
    assert outcome.duration_after_vad == 2 * PIECE_SECONDS


def test_shifting_moves_words_too_and_leaves_the_original():
    """Values are frozen; a copy is moved."""
    moved = shift(SEGMENT, 10.0004, number=7)
    assert (moved.id, moved.start, moved.end) == (7, 11.0, 12.5)
    assert moved.words == (Word(start=11.0, end=11.5, word="Hej", probability=0.9),)
    assert SEGMENT.start == 1.0


def test_shifting_by_nothing_changes_nothing_but_the_number():
    """A recording from its beginning passes through."""
    assert shift(SEGMENT, 0.0, number=0) is SEGMENT
    assert shift(SEGMENT, 0.0, number=3) == replace(SEGMENT, id=3)


def test_the_language_of_the_first_piece_with_text_holds():
    """A silent beginning does not decide it, and the pieces behind are not asked again."""
    transcriber = Scripted(("en", []), ("sv", [SEGMENT]), ("fi", [SEGMENT]))
    outcome = through(transcriber, 2.8 * PIECE_SECONDS, DecodeOptions())
    assert [request.language for request in transcriber.requests] == [None, None, "sv"]
    assert (outcome.language, outcome.language_probability) == ("sv", 0.8)


def test_the_language_of_silence_is_what_the_model_said():
    """Where nothing was heard at all, its last word counts."""
    outcome = through(Scripted(("en", []), ("fi", [])), 2 * PIECE_SECONDS, DecodeOptions())
    assert (outcome.language, outcome.segments) == ("fi", ())


def test_each_piece_takes_up_where_the_one_before_ended():
    """The end of the last text is the next prompt; the caller's own prompt is for the first piece."""
    text = "ord " * 100 + "slut"
    transcriber = Scripted(("sv", [replace(SEGMENT, text=text)]), ("sv", []))
    through(transcriber, 2 * PIECE_SECONDS, DecodeOptions(prompt="Början"))
    first, second = (request.prompt for request in transcriber.requests)
    assert first == "Början"
    assert second is not None
    assert text.endswith(second)
    assert 100 < len(second) <= 200


def test_a_text_that_was_drawn_at_random_is_no_guide():
    """Above temperature 0.5 the prompt begins anew."""
    transcriber = Scripted(("sv", [replace(SEGMENT, temperature=0.6)]), ("sv", []))
    through(transcriber, 2 * PIECE_SECONDS, DecodeOptions(prompt="Början"))
    assert transcriber.requests[1].prompt is None


def test_the_model_is_given_back_between_pieces():
    """What comes next, looking for speech, needs no model."""
    turns = Turns()
    recognize(FakeTranscriber(window_seconds=600), hum(2 * PIECE_SECONDS), DecodeOptions(language="sv"), turns)
    assert turns.log[0] == "window"
    assert turns.log[-1] == "rest"
    assert turns.log.count("rest") == 2


def test_a_cancel_ends_it_between_windows():
    """What was told before remains told."""
    turn = Lane("batch").turn(priority=3)  # type: ignore[arg-type]  # any order will do
    told: list[Segment] = []

    def on_segment(segment: Segment) -> None:
        told.append(segment)
        turn.cancel()

    with pytest.raises(Cancelled):
        recognize(FakeTranscriber(), hum(100), DecodeOptions(language="sv"), turn, on_segment=on_segment)
    assert len(told) == 1


def test_hours_of_silence_show_how_far_they_have_come():
    """Piece by piece, from the offset on; the end itself is told by the outcome."""
    told: list[float] = []
    silence = np.zeros(3 * PIECE_SECONDS * SAMPLE_RATE, np.float32)
    recognize(FakeTranscriber(), silence, DecodeOptions(language="sv"), Turns(), offset=50.0, on_piece=told.append)
    assert len(told) == 3
    assert told == sorted(told)
    assert 50.0 < told[0] < 50.0 + PIECE_SECONDS
    assert told[-1] < 50.0 + 3 * PIECE_SECONDS
