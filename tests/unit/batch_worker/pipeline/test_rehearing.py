"""Second hearings: passages, seams, verdicts, inventions; and nothing lost or doubled, whatever comes."""

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_worker.pipeline.rehearing.decide import Answer, decided
from batch_worker.pipeline.rehearing.excerpts import cut
from batch_worker.pipeline.rehearing.inventions import closing, invented, said_once
from batch_worker.pipeline.rehearing.passages import LONGEST, Passage, passages
from batch_worker.pipeline.rehearing.splice import neighbours, own_part
from batch_worker.pipeline.rehearing.verdict import verdict
from shared.errors import Cancelled, UnsupportedAudio
from shared.transcript import Segment, Word
from tests.unit.batch_worker.pipeline.test_itn import segment


def at(start: float, end: float, text: str = "hej", **more: object) -> Segment:
    """Return a segment at some seconds."""
    return segment(text, start=start, end=end, **more)


def numbered(*segments: Segment) -> tuple[Segment, ...]:
    """Return the segments with ids from 0."""
    return tuple(replace(one, id=place) for place, one in enumerate(segments))


def timed(text: str, start: float, step: float = 0.5, probability: float = 0.9) -> tuple[Word, ...]:
    """Return words one after the other, each `step` seconds long."""
    return tuple(
        Word(start=start + place * step, end=start + (place + 1) * step, word=word, probability=probability)
        for place, word in enumerate(text.split())
    )


# --- passages


@pytest.mark.parametrize(
    ("spans", "doubtful", "expected"),
    [
        ([(1, 2), (2, 3), (3, 4)], set(), []),
        ([(1, 2), (2, 3), (3, 4)], {1}, [(1, 1, 1.7, 3.3)]),
        ([(1, 2), (2.9, 4), (6, 7)], {0, 1, 2}, [(0, 1, 0.7, 4.3), (2, 2, 5.7, 7.3)]),
        ([(1, 2), (2, 3), (3, 4)], {0, 2}, [(0, 0, 0.7, 2.3), (2, 2, 2.7, 4.3)]),
        ([(0, 20), (20, 30)], {0, 1}, [(0, 0, 0.0, 20.3), (1, 1, 19.7, 30.0)]),
        ([(0, 0.1)], {0}, [(0, 0, 0.0, 0.4)]),
        ([(40, 41)], {0}, []),
    ],
    ids=["none", "one", "near ones together", "a sure one between", "too long together", "0.1 s", "behind the end"],
)
def test_passages(spans: list[tuple[float, float]], doubtful: set[int], expected: list[tuple[float, ...]]):
    """Neighbours within a second are one passage, up to what fits a window; padded, within the recording."""
    segments = numbered(*(at(start, end) for start, end in spans))
    found = passages(segments, doubtful, duration=30.0)
    assert [(one.first, one.last, one.start, one.end) for one in found] == [pytest.approx(row) for row in expected]


def test_the_border_between_neighbours_is_the_middle_of_the_silence():
    """What lies behind it is the neighbour's, also where the padding reaches it."""
    (passage,) = passages(numbered(at(0, 2), at(3, 4), at(4.2, 6)), {1}, duration=9.0)
    assert (passage.after, passage.before) == (2.5, pytest.approx(4.1))


@given(
    st.lists(st.tuples(st.floats(0, 40), st.floats(0.01, 29)), max_size=20),
    st.sets(st.integers(0, 19)),
)
def test_every_doubtful_segment_is_in_exactly_one_passage(gaps: list[tuple[float, float]], doubtful: set[int]):
    """And no passage holds a sure one, nor more than a window, unless a single segment does."""
    clock, segments = 0.0, []
    for gap, length in gaps:
        segments.append(at(clock + gap, clock + gap + length))
        clock += gap + length
    found = passages(numbered(*segments), doubtful, duration=clock)
    places = [place for one in found for place in range(one.first, one.last + 1)]
    assert places == sorted(doubtful & set(range(len(segments))))
    for one in found:
        assert one.first == one.last or segments[one.last].end - segments[one.first].start <= LONGEST
        assert 0 <= one.start < one.end <= clock


# --- seams

_AROUND = numbered(at(0, 2, "vi ses på"), at(2, 4, "onsdag i skolan", confidence=0.3), at(4, 6, "klockan tre"))
(_PASSAGE,) = passages(_AROUND, {1}, duration=6.0)


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("torsdag i solen", "torsdag i solen"),
        ("på torsdag i solen", "torsdag i solen"),
        ("ses på torsdag i solen klockan", "torsdag i solen"),
        ("Vi ses på torsdag i solen, klockan tre.", "torsdag i solen,"),
        ("onsdag i skolan", "onsdag i skolan"),
        ("", ""),
        ("på", ""),
    ],
)
def test_words_of_the_neighbours_are_not_doubled(heard: str, kept: str):
    """Words that end the text in front, or begin the one behind, belong there."""
    answer = at(_PASSAGE.start, _PASSAGE.end, heard)
    assert own_part(answer, _PASSAGE, _AROUND[1:2], neighbours(_AROUND, _PASSAGE)).text == kept


def test_a_word_that_was_really_said_twice_stays():
    """The first hearing had it on both sides of the seam too."""
    said = numbered(at(0, 2, "det var nej"), at(2, 4, "nej sa hon", confidence=0.2))
    (passage,) = passages(said, {1}, duration=4.0)
    heard = at(passage.start, passage.end, "nej sade hon")
    assert own_part(heard, passage, said[1:], neighbours(said, passage)).text == "nej sade hon"


def test_a_neighbour_beyond_the_padding_cannot_be_doubled():
    """Its words were not in what was heard, so equal ones were said again."""
    said = numbered(at(0, 2, "ja"), at(3, 4, "a", confidence=0.2))
    (passage,) = passages(said, {1}, duration=4.0)
    heard = at(passage.start, passage.end, "ja det är det")
    assert own_part(heard, passage, said[1:], neighbours(said, passage)).text == "ja det är det"


def test_words_with_times_go_by_their_middles():
    """A word whose middle is the neighbour's is left to it, whatever it is."""
    words = timed("gröt torsdag i solen kvar", 1.4, 0.6)
    heard = replace(at(_PASSAGE.start, _PASSAGE.end, "x"), words=words)
    own = own_part(heard, _PASSAGE, _AROUND[1:2], neighbours(_AROUND, _PASSAGE))
    assert own.text == "torsdag i solen"
    assert [word.start for word in own.words] == [pytest.approx(2.0), pytest.approx(2.6), pytest.approx(3.2)]


# --- verdicts

_OLD = at(0, 4, "onsdag i skolan klockan", confidence=0.4)


@pytest.mark.parametrize(
    ("old", "new", "more", "expected"),
    [
        (_OLD, "torsdag i solen klockan", {"confidence": 0.9}, "better"),
        (_OLD, "torsdag i solen klockan", {"confidence": 0.5}, "better"),
        (_OLD, "torsdag i solen klockan", {"confidence": 0.49}, "no_surer"),
        (_OLD, "torsdag i solen klockan", {"confidence": 0.1}, "no_surer"),
        (_OLD, "Onsdag i skolan, klockan!", {"confidence": 0.9}, "same"),
        (_OLD, " ", {"confidence": 0.9}, "nothing_heard"),
        (_OLD, "torsdag", {"confidence": 0.99}, "words_missing"),
        (_OLD, "torsdag solen", {"confidence": 0.99}, "better"),
        (_OLD, "ja ja ja ja ja ja ja ja", {"confidence": 0.99}, "repetition"),
        (_OLD, "torsdag i solen klockan", {"confidence": 0.99, "compression_ratio": 2.5}, "repetition"),
        (_OLD, "torsdag " * 3 + "måndag i regnet vid sjön med alla andra vänner på vägen hem igen från skolan " * 2,
         {"confidence": 0.99}, "too_fast"),
        (at(0, 4, "ja " * 20, confidence=0.0), "ja då", {"confidence": 0.8}, "better"),
        (at(0, 0.1, "a", confidence=0.1), "ja", {"confidence": 0.8}, "better"),
        (at(0, 4, "مرحبا بالعالم", confidence=0.1), "مرحبا بكم", {"confidence": 0.8}, "better"),
    ],
)  # fmt: skip
def test_verdicts(old: Segment, new: str, more: dict[str, float], expected: str):
    """The second hearing has to be clearly surer, whole, and like speech."""
    assert verdict([old], at(0, 4, new, **more), seconds=old.end - old.start) == expected


def test_hearings_are_compared_by_the_same_figures():
    """A first hearing without words is not beaten by the second one's words alone."""
    new = replace(
        at(0, 4, "torsdag i solen klockan", confidence=0.45), words=timed("torsdag i solen klockan", 0, 1, 1.0)
    )
    assert verdict([_OLD], new, seconds=4.0) == "no_surer"
    assert verdict([replace(_OLD, words=timed("onsdag i skolan klockan", 0, 1, 0.4))], new, seconds=4.0) == "better"


# --- inventions


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Tack för att du tittade!", True),
        ("Tack för att ni har tittat på videon.", True),
        ("Undertexter från Amara.org-gemenskapen", True),
        ("Textning Stina Hedin www.btistudios.com", True),
        ("Svensktextning.nu", True),
        ("Thank you for watching.", True),
        ("Tack för att du tittade på huset.", False),
        ("Tack för maten", False),
        ("Texten är skriven av Anna", False),
        ("", False),
    ],
)
def test_closing_lines(text: str, *, is_one: bool):
    """The whole text has to be one, in whatever spelling."""
    assert closing(text) is is_one


@pytest.mark.parametrize(
    ("more", "nothing_heard", "expected"),
    [
        ({"text": "Tack för att du tittade"}, False, False),
        ({"text": "Tack för att du tittade"}, True, True),
        ({"text": "Tack för att du tittade", "no_speech_prob": 0.7}, False, True),
        ({"text": "Tack för att du tittade", "confidence": 0.4}, False, True),
        ({"text": "hej där"}, True, False),
        ({"text": "hej där", "confidence": 0.2}, True, True),
        ({"text": "hej där", "confidence": 0.2}, False, False),
        ({"text": "hej där", "no_speech_prob": 0.9, "avg_logprob": -1.5}, False, True),
        ({"text": "hej där", "no_speech_prob": 0.9, "avg_logprob": -0.5}, False, False),
        ({"text": ""}, True, False),
    ],
)
def test_inventions(more: dict[str, object], *, nothing_heard: bool, expected: bool):
    """It takes more than one sign, unless the decoder itself took the window for silence."""
    assert invented(segment(**more), nothing_heard=nothing_heard) is expected


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("ja ja ja ja ja ja ja", "ja"),
        ("vi ses då vi ses då vi ses då vi ses då och sen", "vi ses då och sen"),
        ("det är bra nej nej nej", "det är bra nej nej nej"),
        ("", ""),
    ],
)
def test_loops_are_said_once(text: str, once: str):
    """A text that is mostly a loop keeps its phrase; a little emphasis is left alone."""
    after = said_once(replace(segment(text), words=timed(text, 0)))
    assert after.text == once
    assert [word.word for word in after.words] == once.split()
    assert after.original_text == (None if text == once else text)


# --- the whole


def heard_in(passage: Passage, text: str, **more: object) -> Answer:
    """Return what a sure second hearing says of a passage."""
    figures = {"confidence": 0.95, "words": timed(text, passage.after + 0.05, 0.4)} | more
    return Answer(model="stor", segment=replace(at(passage.start, passage.end, text), **figures))


def test_a_better_passage_takes_its_place_word_by_word():
    """Each word goes to the segment of its time; ids, first text and confidence before stay; others are untouched."""
    segments = numbered(
        at(0, 2, "vi ses på"), at(2.1, 3, "onsta vi", confidence=0.2), at(3.1, 4, "skal han", confidence=0.3),
        at(5, 6, "hej då"),
    )  # fmt: skip
    (passage,) = passages(segments, {1, 2}, duration=6.0)
    after = decided(segments, {passage: heard_in(passage, "onsdag vid skolan")})
    assert [one.text for one in after.segments] == ["vi ses på", "onsdag vid", "skolan", "hej då"]
    assert [one.id for one in after.segments] == [0, 1, 2, 3]
    assert [one.original_text for one in after.segments] == [None, "onsta vi", "skal han", None]
    assert after.segments[1].retried.confidence_before == 0.2
    assert after.segments[1].retried.accepted
    assert after.segments[1].words is None
    assert after.segments[::3] == segments[::3]
    assert after.detail == {"verdicts": {"better": 1}, "models": ["stor"], "removed": 0, "loops": 0}


def test_a_passage_that_is_no_better_is_only_marked():
    """Text and words stay, and it is said that it was tried."""
    segments = numbered(at(0, 2, "onsta vi skolan", confidence=0.4))
    (passage,) = passages(segments, {0}, duration=2.0)
    (after,) = decided(segments, {passage: heard_in(passage, "onsdag vid skolan", confidence=0.3, words=None)}).segments
    assert (after.text, after.original_text, after.retried.accepted) == ("onsta vi skolan", None, False)


def test_what_nobody_said_is_taken_out_and_kept_as_first_text():
    """Silence heard twice leaves no text, and the count says so."""
    segments = numbered(at(0, 2, "Tack för att du tittade", confidence=0.4), at(5, 6, "ja ja ja ja ja ja"))
    (passage,) = passages(segments, {0}, duration=6.0)
    after = decided(segments, {passage: heard_in(passage, "", confidence=0.0, words=None)})
    assert [one.text for one in after.segments] == ["", "ja"]
    assert after.segments[0].original_text == "Tack för att du tittade"
    assert (after.detail["removed"], after.detail["loops"]) == (1, 1)


def test_a_closing_line_that_two_hearings_agree_on_was_said():
    """Somebody may well thank for watching."""
    segments = numbered(at(0, 2, "Tack för att du tittade", confidence=0.4))
    (passage,) = passages(segments, {0}, duration=2.0)
    (after,) = decided(segments, {passage: heard_in(passage, "tack för att du tittade.")}).segments
    assert after.text == "Tack för att du tittade"


@given(
    tokens=st.lists(st.sampled_from(["ja", "nej", "vi", "ses", "på", "tre", "🙂", "مرحبا"]), max_size=12),
    with_times=st.booleans(),
)
def test_no_word_of_an_accepted_hearing_is_lost(tokens: list[str], *, with_times: bool):
    """Whatever was heard between the neighbours is in the segments, once, in order."""
    segments = numbered(at(0, 3, "x", confidence=0.0), at(3, 4, "y", confidence=0.0), at(4, 9, "z", confidence=0.0))
    (passage,) = passages(segments, {0, 1, 2}, duration=9.0)
    text = " ".join(tokens)
    words = timed(text, 0.0, 0.7) if with_times else None
    after = decided(segments, {passage: heard_in(passage, text, words=words)})
    if after.detail["verdicts"] == {"better": 1}:
        assert [word for one in after.segments for word in one.text.split()] == tokens


# --- excerpts


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """A recording of four seconds in which each sample says where it is."""
    path = tmp_path / "ramp.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.arange(64_000) // 4).astype("<i2").tobytes())
    return path


def passage(start: float, end: float) -> Passage:
    """Return a passage that is heard at some seconds."""
    return Passage(first=0, last=0, start=start, end=end, after=start, before=end)


def test_passages_are_cut_where_they_are(ramp: Path, tmp_path: Path):
    """Overlapping ones too, the last one up to the end, and one behind the end not at all."""
    wanted = [passage(0.0, 0.25), passage(1.0, 2.5), passage(2.0, 2.25), passage(3.5, 9.0), passage(5.0, 6.0)]
    files = cut(ramp, wanted, tmp_path, cancelled=lambda: False)
    assert sorted(one.start for one in files) == [0.0, 1.0, 2.0, 3.5]
    for one, path in files.items():
        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        first, last = round(one.start * 16_000), min(64_000, round(one.end * 16_000))
        assert samples.size == last - first
        assert np.abs(samples - np.arange(first, last) // 4).max() <= 1


def test_cutting_stops_when_the_job_does(ramp: Path, tmp_path: Path):
    """It is asked at every packet."""
    with pytest.raises(Cancelled):
        cut(ramp, [passage(0, 1)], tmp_path, cancelled=lambda: True)


def test_what_is_no_recording_says_so(tmp_path: Path):
    """As everywhere else."""
    (tmp_path / "x").write_bytes(b"not audio")
    with pytest.raises(UnsupportedAudio):
        cut(tmp_path / "x", [passage(0, 1)], tmp_path, cancelled=lambda: False)
