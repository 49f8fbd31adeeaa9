"""Who said which word: turns in order, words by overlap, segments parted, nothing lost or doubled."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_worker.pipeline.draft import Doubt
from batch_worker.pipeline.speakers.split import ToldApart, told_apart
from batch_worker.pipeline.speakers.turns import Timeline, Turn, tidied
from shared.transcript import Retried, Segment, Word, join_text
from tests.unit.batch_worker.pipeline.test_itn import segment, spoken


def turns(*spans: tuple[float, float, str]) -> tuple[Turn, ...]:
    """Return turns as they are given."""
    return tuple(Turn(start=start, end=end, speaker=speaker) for start, end, speaker in spans)


def spans(of: Sequence[Turn]) -> list[tuple[float, float, str]]:
    """Return turns as plain values."""
    return [(turn.start, turn.end, turn.speaker) for turn in of]


def lines(told: ToldApart) -> list[tuple[str | None, str]]:
    """Return who said what."""
    return [(one.speaker, one.text) for one in told.segments]


@pytest.mark.parametrize(
    ("given_turns", "expected"),
    [
        ([(0.1, 4.975, "a")], [(0.1, 3.0, "a")]),
        ([(-1, 1, "a"), (3.5, 4, "b")], [(0.0, 1, "a")]),
        ([(2, 3, "b"), (0, 1, "a")], [(0, 1, "a"), (2, 3, "b")]),
        ([(0, 2, "a"), (1, 3, "b")], [(0, 2, "a"), (2, 3, "b")]),
        ([(0, 3, "a"), (1, 2, "b")], [(0, 3, "a")]),
        ([(0, 1, "a"), (1, 1.2, "b"), (1.2, 3, "a")], [(0, 3, "a")]),
        ([(0, 1, "a"), (1, 1.2, "b"), (1.2, 3, "c")], [(0, 1, "a"), (1, 1.2, "b"), (1.2, 3, "c")]),
        ([(0, 1, "a"), (1.3, 2, "a")], [(0, 2, "a")]),
        ([(0, 1, "a"), (1.9, 2, "a")], [(0, 1, "a"), (1.9, 2, "a")]),
        ([(1, 1, "a")], []),
    ],
)
def test_turns_come_into_order(given_turns: list, expected: list):
    """Within three seconds of audio, one voice at a time, without flicker; breaths do not end a turn."""
    assert spans(tidied(turns(*given_turns), 3.0)) == expected


@pytest.mark.parametrize(
    ("start", "end", "who"),
    [
        (0.2, 0.8, "a"),
        (1.0, 2.5, "b"),
        (1.0, 2.2, "a"),
        (2.6, 2.7, "b"),
        (4.1, 4.2, "b"),
        (9, 10, "a"),
        (0.5, 0.5, "a"),
    ],
)
def test_most_overlap_speaks_else_the_nearest(start: float, end: float, who: str):
    """A word in a pause belongs to the voice that is nearest, and so does a word without length."""
    assert Timeline(turns((0, 1.7, "a"), (1.7, 4, "b"), (6, 7, "a"))).speaker(start, end) == who


def test_a_segment_is_parted_where_the_speaker_changes():
    """Words keep their times and bear the speaker; ids count on; doubts and earlier wording go along."""
    heard = segment(
        "Hej på dig. Hej själv! Hur är det?", spoken("Hej på dig. Hej själv! Hur är det?"), end=9.0, confidence=0.3,
        original_text="Nej på dej. Hej skälv! Hur är det?",
        retried=Retried(model="stor", confidence_before=0.2, accepted=True),
    )  # fmt: skip
    after = told_apart(
        [heard, segment("Bra.", spoken("Bra."), id=1, start=9.0, end=10.0)],
        turns((0, 2.9, "x"), (2.9, 5, "y"), (5, 8, "x"), (8.5, 11, "y")),
        [Doubt(segment=0, confidence=0.3, reason="doubtful_words"), Doubt(segment=1, confidence=0.4, reason="r")],
    )
    assert lines(after)[:3] == [
        ("SPEAKER_00", "Hej på dig."),
        ("SPEAKER_01", "Hej själv!"),
        ("SPEAKER_00", "Hur är det?"),
    ]
    assert [one.id for one in after.segments] == [0, 1, 2, 3]
    assert [(one.start, one.end) for one in after.segments[:3]] == [(0.0, 2.5), (3.0, 4.5), (5.0, 9.0)]
    assert [one.original_text for one in after.segments[:3]] == ["Nej på dej.", "Hej skälv!", "Hur är det?"]
    assert all(one.retried == heard.retried for one in after.segments[:3])
    assert all(word.speaker == one.speaker for one in after.segments for word in one.words or ())
    assert [doubt.segment for doubt in after.doubts] == [0, 1, 2, 3]
    assert [(one.id, one.segments) for one in after.speakers] == [("SPEAKER_00", 3), ("SPEAKER_01", 1)]


def test_an_earlier_wording_loses_no_word():
    """However the two wordings differ, each word of the first is in one of the parts."""
    heard = segment(
        "ett två tre fyra fem", spoken("ett två tre fyra fem"), original_text="noll ett och två fyra sex fem"
    )
    after = told_apart([heard], turns((0, 1.8, "a"), (1.8, 3.2, "b"), (3.2, 9, "c")))
    assert [one.original_text for one in after.segments] == ["noll ett och två", "", "fyra sex fem"]


def test_speakers_are_named_as_they_appear_and_the_wordless_are_left_out():
    """A voice that said nothing of the text is no speaker of it."""
    words = spoken("ja nej")
    after = told_apart([segment("ja nej", words)], turns((0, 0.9, "B"), (0.9, 1.8, "A"), (4, 5, "cough")))
    assert lines(after) == [("SPEAKER_00", "ja"), ("SPEAKER_01", "nej")]
    assert [one.seconds for one in after.speakers] == [0.9, 0.9]


def test_a_change_moves_to_the_end_of_a_sentence():
    """One word's worth of misalignment does not tear a sentence apart."""
    text = "Kommer du då? Ja det gör jag."
    after = told_apart([segment(text, spoken(text))], turns((0, 1.9, "a"), (1.9, 9, "b")))
    assert lines(after) == [("SPEAKER_00", "Kommer du då?"), ("SPEAKER_01", "Ja det gör jag.")]


def test_without_words_times_are_estimated():
    """Segments are parted all the same, and stay without words."""
    heard = segment("Kan du komma i morgon? Nej, tyvärr kan jag inte det.", start=10.0, end=16.0)
    after = told_apart([heard], turns((10, 12.7, "a"), (13, 16, "b")))
    assert lines(after) == [
        ("SPEAKER_00", "Kan du komma i morgon?"),
        ("SPEAKER_01", "Nej, tyvärr kan jag inte det."),
    ]
    assert all(one.words is None for one in after.segments)
    assert after.segments[0].start == 10.0
    assert after.segments[1].end == 16.0


@pytest.mark.parametrize("text", ["", "🙂🙂 🙂", "مرحبا بالعالم كيف الحال", "x " * 5_000])
@pytest.mark.parametrize("voices", [(), ((0.0, 0.05, "a"), (0.05, 0.1, "b"))])
def test_odd_segments_go_through(text: str, voices: tuple):
    """Nothing, emoji, right-to-left text and loops in a tenth of a second, with and without voices."""
    after = told_apart([segment(text, start=0.0, end=0.1)], turns(*voices))
    assert join_text(after.segments).split() == text.split()
    assert all((one.speaker is None) == (not voices) for one in after.segments)


def test_what_hangs_together_is_not_parted():
    """Pieces of one written word stay with one speaker, whoever the times say."""
    words = tuple(Word(start=n, end=n + 0.9, word=part, probability=1.0) for n, part in enumerate(["e", "-post", "ja"]))
    after = told_apart([segment("e-post ja", words)], turns((0, 0.95, "a"), (0.95, 9, "b")))
    assert lines(after) == [("SPEAKER_00", "e-post"), ("SPEAKER_01", "ja")]
    assert [len(one.words or ()) for one in after.segments] == [2, 1]


_TOKENS = st.sampled_from(["hej", "ja,", "nej.", "va?", "punkt!", "🙂", "å", "ja"])
_VOICES = st.sampled_from("abc")


@st.composite
def _turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    edges = draw(st.lists(st.floats(0, 30), max_size=12))
    return turns(*((edge, edge + draw(st.floats(0.01, 6)), draw(_VOICES)) for edge in edges))


@st.composite
def _segments(draw: st.DrawFn) -> list[Segment]:
    made, clock = [], 0.0
    for number in range(draw(st.integers(0, 4))):
        tokens = draw(st.lists(_TOKENS, max_size=9))
        timed, start = [], clock
        for token in tokens:
            end = clock + draw(st.floats(0, 1))
            timed.append(Word(start=clock, end=end, word=token, probability=0.5))
            clock = end + draw(st.sampled_from([0.0, 0.3]))
        words = tuple(timed) if draw(st.booleans()) else None
        original = draw(st.none() | st.lists(_TOKENS, max_size=9).map(" ".join))
        made.append(segment(" ".join(tokens), words, id=number, start=start, end=clock, original_text=original))
    return made


@given(_segments(), _turns(), st.floats(0, 40))
def test_no_word_is_lost_or_doubled(segments: list[Segment], voices: tuple[Turn, ...], duration: float):
    """Texts, words with their times and earlier wordings come out whole and in order; a part has one speaker."""
    after = told_apart(segments, tidied(voices, duration)).segments
    assert " ".join(one.text for one in after).split() == join_text(tuple(segments)).split()
    plain = [(word.start, word.end, word.word) for one in segments for word in one.words or ()]
    assert [(word.start, word.end, word.word) for one in after for word in one.words or ()] == plain
    before = [token for one in segments for token in (one.original_text or "").split()]
    assert [token for one in after for token in (one.original_text or "").split()] == before
    assert [one.id for one in after] == list(range(len(after)))
    assert all(one.end >= one.start for one in after)
    assert all({word.speaker for word in one.words or ()} <= {one.speaker} for one in after)


@given(_turns(), st.floats(0.1, 40))
def test_tidied_turns_are_in_order_and_within_the_audio(voices: tuple[Turn, ...], duration: float):
    """Whatever came, one voice at a time, between 0 and the end."""
    after = tidied(voices, duration)
    assert all(0 <= one.start < one.end <= duration for one in after)
    assert all(one.end <= other.start for one, other in pairwise(after))
