import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.render import MEDIA_TYPES, render, srt, text, timestamp, vtt
from tests.unit.shared.values import segment

TWO = (segment(), segment(id=1, start=3661.0, end=3662.5, text="Tack & hej <då>.", speaker="SPEAKER_01"))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "00:00:00,000"),
        (1.2344, "00:00:01,234"),
        (1.9996, "00:00:02,000"),
        (59.9999, "00:01:00,000"),
        (3599.9999, "01:00:00,000"),
        (360_000.0, "100:00:00,000"),
        (-0.01, "00:00:00,000"),
    ],
)
def test_a_time_is_written_to_the_millisecond(seconds: float, expected: str) -> None:
    """Rounding carries over into seconds, minutes and hours; hours pass 99; nothing is before 0."""
    assert timestamp(seconds, decimal=",") == expected


@given(st.integers(0, 400_000_000))
def test_a_written_time_reads_back_as_itself(milliseconds: int) -> None:
    """No millisecond is lost in any time up to 111 hours."""
    hours, minutes, seconds, rest = map(int, re.split(r"[:.]", timestamp(milliseconds / 1000, decimal=".")))
    assert minutes < 60
    assert seconds < 60
    assert ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest == milliseconds


def test_text_is_a_line_for_each_segment() -> None:
    """Speakers stand in front where known; nothing is escaped."""
    assert text(TWO) == "Hej och välkommen.\nSPEAKER_01: Tack & hej <då>.\n"


def test_subrip_numbers_its_cues() -> None:
    """Comma before the milliseconds, a blank line between cues, one newline at the end."""
    assert srt(TWO) == (
        "1\n00:00:00,000 --> 00:00:02,500\nHej och välkommen.\n\n"
        "2\n01:01:01,000 --> 01:01:02,500\nSPEAKER_01: Tack & hej <då>.\n"
    )


def test_webvtt_has_a_header_and_escapes() -> None:
    """Point before the milliseconds; `&` and `<` would start an entity and a tag."""
    assert vtt(TWO) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nHej och välkommen.\n\n"
        "01:01:01.000 --> 01:01:02.500\nSPEAKER_01: Tack &amp; hej &lt;då>.\n"
    )


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_silence_has_no_cues(form: str) -> None:
    """No segments, or segments of spaces, leave an empty file of that format."""
    empty = {"text": "", "srt": "", "vtt": "WEBVTT\n"}[form]
    assert render((), form) == empty
    assert render((segment(text="  "),), form) == empty


@given(st.text(max_size=60))
def test_no_text_breaks_out_of_its_cue(said: str) -> None:
    """Newlines and arrows in what was said make no second cue."""
    cues = srt((segment(text=said), segment(text="slut")))
    assert len(re.findall(r"-->", cues)) == 1 + bool(said.strip())
    assert cues.count("\n\n") == bool(said.strip())


def test_every_format_has_a_media_type() -> None:
    """Swedish letters survive only where the character set is said."""
    assert set(MEDIA_TYPES) == {"json", "text", "srt", "vtt"}
    assert all("utf-8" in kind for form, kind in MEDIA_TYPES.items() if form != "json")
