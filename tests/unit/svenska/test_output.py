"""Where transcripts go."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svenska.exits import Exit, Failure
from svenska.output import destinations, rendered, write
from svenska.recordings import Recording

SEGMENT = {
    "id": 0, "start": 0.0, "end": 1.5, "text": "Hej & hå!", "language": "sv", "avg_logprob": -0.1,
    "no_speech_prob": 0.0, "compression_ratio": 1.0, "temperature": 0.0, "confidence": 0.9, "later": "a field",
}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", "Hej & hå!\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,500\nHej & hå!\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHej &amp; hå!\n"),
    ],
)
def test_a_transcript_is_written_as_the_services_would(form: str, text: str):
    """By the same code."""
    assert rendered({"segments": [SEGMENT]}, form) == text


def test_json_keeps_what_this_version_does_not_know():
    """Fields that a later service adds."""
    assert json.loads(rendered({"segments": [SEGMENT], "new": 1}, "json")) == {"segments": [SEGMENT], "new": 1}


@pytest.mark.parametrize("document", [{}, {"segments": 1}, {"segments": [{"text": "Hej"}]}])
def test_what_is_no_transcript_is_a_failure(document: dict[str, object]):
    """Of the service, not a traceback."""
    with pytest.raises(Failure) as failed:
        rendered(document, "srt")
    assert failed.value.code == "not_a_service"


def _named(*names: str) -> list[str]:
    recordings = [Recording(path=Path(name)) for name in names]
    return [path.name for path in destinations(recordings, "srt", Path("out"))]


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["a.wav", "in/b.flac"], ["a.srt", "b.srt"]),
        (["möte.2026.wav"], ["möte.2026.srt"]),
        (["a.wav", "a.mp3"], ["a.wav.srt", "a.mp3.srt"]),
        (["1/a.wav", "2/a.wav"], ["a.wav.srt", "a.wav.2.srt"]),
    ],
)
def test_files_are_named_after_their_recordings(names: list[str], paths: list[str]):
    """With the whole name where the stem alone would be another's."""
    assert _named(*names) == paths


@given(st.lists(st.sampled_from(["a.wav", "1/a.wav", "a.mp3", "a.wav.2", "a", "a.wav.wav"]), max_size=6))
def test_no_two_recordings_share_a_file(names: list[str]):
    """Whatever they are called."""
    assert len({*_named(*names)}) == len(names)


def test_a_file_is_replaced_whole(tmp_path: Path):
    """Its folder is made, its rights are kept, and nothing is left beside it."""
    path = tmp_path / "new" / "a.txt"
    write(path, "ett\n")
    path.chmod(0o600)
    write(path, "två\n")
    assert path.read_text(encoding="utf-8") == "två\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_has_the_rights_that_the_person_gives(tmp_path: Path):
    """The umask counts, as with any program."""
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.txt", "")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path):
    """What it points at is written."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


def test_a_device_is_written_to():
    """Not replaced by a file."""
    write(Path(os.devnull), "x")
    assert not Path(os.devnull).is_file()


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path: Path):
    """That names it; nothing is left behind."""
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="cannot be written") as failed:
        write(tmp_path / "file" / "a.txt", "x")
    assert failed.value.exit_code is Exit.FAILED
    with pytest.raises(Failure):
        write(tmp_path, "x")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
