import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audio import SAMPLE_RATE, DecodedAudio, decode
from shared.errors import AudioTooLong, Cancelled, EmptyAudio, InvalidParameter, SvenskaError, UnsupportedAudio
from tests.clips import Clip
from tests.unit.shared.synth import (
    encoded,
    interleaved,
    noisy,
    picture,
    planar,
    silent_flac,
    tone,
    tracks,
    video,
    wav,
)


def decoded(data: bytes, *, max_seconds: float = 3600, start: float = 0.0) -> DecodedAudio:
    """Decode bytes."""
    return decode(io.BytesIO(data), max_seconds=max_seconds, start=start)


def codes(audio: DecodedAudio) -> list[str]:
    """Return the codes of what was warned of."""
    return [notice.code for notice in audio.warnings]


def pitch(audio: DecodedAudio) -> float:
    """Return the strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(audio.samples))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / audio.samples.size


GOOD = {
    "wav": wav(tone(1.5).tobytes()),
    "wav, 8 bits": wav((tone(1.5) // 256 + 128).astype(np.uint8).tobytes(), bits=8),
    "wav, floats": wav((tone(1.5) / 32768).astype("<f4").tobytes(), bits=32, kind=3),
    "wav, 768 kHz": wav(tone(1.5, 768_000).tobytes(), rate=768_000),
    "wav, 8 kHz": wav(tone(1.5, 8_000).tobytes(), rate=8_000),
    "flac": encoded(tone(1.5), "flac", "flac"),
    "mp3": encoded(tone(1.5), "mp3", "libmp3lame"),
    "mp3 without Xing header": encoded(tone(1.5), "mp3", "libmp3lame", options={"write_xing": "0"}),
    "m4a": encoded(tone(1.5), "ipod", "aac"),
    "raw aac": encoded(tone(1.5), "adts", "aac"),
    "ogg, opus": encoded(tone(1.5), "ogg", "libopus", rate=48_000),
    "webm, opus": encoded(tone(1.5), "webm", "libopus", rate=48_000),
    "webm as MediaRecorder writes it": encoded(tone(1.5), "webm", "libopus", rate=48_000, options={"live": "1"}),
    "mp4 with video": video(sound=tone(1.5)),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_every_common_format_becomes_the_same_tone(data: bytes) -> None:
    """A 440 Hz tone of 1.5 seconds is that in any container, codec and rate, and nothing is warned of."""
    audio = decoded(data)

    assert audio.samples.dtype == np.float32
    assert audio.samples.ndim == 1
    assert audio.duration == pytest.approx(1.5, abs=0.13), "lossy codecs pad by up to two frames"
    assert audio.samples.size == round(audio.duration * SAMPLE_RATE)
    assert pitch(audio) == pytest.approx(440, abs=5)
    assert np.abs(audio.samples).max() == pytest.approx(0.25, abs=0.1)
    assert audio.warnings == ()


@pytest.mark.parametrize("channels", [2, 3, 6, 8, 9, 16, 64])
def test_any_number_of_channels_becomes_one(channels: int) -> None:
    """Channels are mixed, by FFmpeg up to eight and as a mean above."""
    audio = decoded(wav(interleaved(tone(), channels), channels=channels))

    assert audio.samples.shape == (SAMPLE_RATE,)
    assert pitch(audio) == pytest.approx(440, abs=1)


def test_many_planes_become_one_channel() -> None:
    """Sixteen channels that come as planes are mixed too; read carelessly, such a frame ends the process."""
    audio = decoded(planar(tone()))

    assert audio.duration == 1.0
    assert np.abs(audio.samples).max() == pytest.approx(0.25, abs=0.01)
    assert pitch(audio) == pytest.approx(440, abs=1)


def test_a_path_and_an_open_file_give_the_same(tmp_path: Path) -> None:
    """A path may be text or Path; a file object is read from its beginning and left open."""
    path = tmp_path / "clip.wav"
    path.write_bytes(GOOD["wav"])
    with path.open("rb") as file:
        file.read(10)
        from_file = decode(file, max_seconds=60)
        assert not file.closed

    assert np.array_equal(from_file.samples, decode(path, max_seconds=60).samples)
    assert np.array_equal(from_file.samples, decode(str(path), max_seconds=60).samples)


def test_the_name_is_not_believed(tmp_path: Path) -> None:
    """A flac called .mp3 is decoded; a text called .wav is refused."""
    music, text = tmp_path / "clip.mp3", tmp_path / "clip.wav"
    music.write_bytes(GOOD["flac"])
    text.write_text("Hej, det här är ingen ljudfil.\n" * 40, encoding="utf-8")

    assert decode(music, max_seconds=60).duration == 1.5
    with pytest.raises(UnsupportedAudio, match="looks like text"):
        decode(text, max_seconds=60)


def test_the_first_audio_track_counts() -> None:
    """Of several tracks the first is taken, however long the others are."""
    audio = decoded(tracks(tone(1.0), noisy(3.0)))

    assert audio.duration == pytest.approx(1.0, abs=0.01)
    assert pitch(audio) == pytest.approx(440, abs=5)


REFUSED = {
    "nothing": (b"", EmptyAudio, "empty"),
    "wav with a header only": (wav(b""), EmptyAudio, "ends after its header"),
    "a png": (picture(), UnsupportedAudio, "png"),
    "video without sound": (video(), UnsupportedAudio, "mpeg4 and no audio"),
    "a PDF": (b"%PDF-1.7\n" + bytes(2000), UnsupportedAudio, "a PDF"),
    "an archive": (b"PK\x03\x04" + bytes(2000), UnsupportedAudio, "zip"),
    "zeros": (bytes(5000), UnsupportedAudio, "00 00"),
    "wav at 0 Hz": (wav(tone().tobytes(), rate=0), UnsupportedAudio, "cannot|can be decoded"),
    "wav at 1 Hz": (wav(tone().tobytes(), rate=1), UnsupportedAudio, "1 Hz"),
    "wav at 2 GHz": (wav(tone().tobytes(), rate=2**31 - 1), UnsupportedAudio, "2147483647 Hz"),
    "wav of no channel": (wav(tone().tobytes(), channels=0), UnsupportedAudio, "nothing in it"),
    "wav of a thousand channels": (wav(bytes(8000), channels=1000), UnsupportedAudio, "decoded"),
    "m4a whose end is missing": (encoded(noisy(2), "ipod", "aac")[:9000], UnsupportedAudio, "without its index"),
}


@pytest.mark.parametrize(("data", "error", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_decoded_is_refused_with_what_was_found(
    data: bytes, error: type[SvenskaError], words: str
) -> None:
    """The error is of the tree and says what the file is."""
    with pytest.raises(error, match=words):
        decoded(data)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {path}\n",
    "concat, relative": "ffconcat version 1.0\nfile secret.wav\n",
    "dash": '<?xml version="1.0"?><MPD><Period><BaseURL>file://{path}</BaseURL></Period></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("text", PLAYLISTS.values(), ids=PLAYLISTS.keys())
def test_a_file_cannot_make_us_open_another(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A playlist that names a good local file, or a socket, is refused like any text."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(GOOD["wav"])
    playlist = tmp_path / "clip.m3u8"
    playlist.write_text(text.format(path=secret), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UnsupportedAudio, match="not audio or video"):
        decode(playlist, max_seconds=60)


@pytest.mark.parametrize("says_length", [True, False])
def test_silence_in_a_small_file_is_refused_without_the_memory(*, says_length: bool) -> None:
    """An hour in a small FLAC costs no more than reading it, also where its header keeps its length to itself."""
    data = silent_flac(60, says_length=says_length)
    tracemalloc.start()
    try:
        with pytest.raises(AudioTooLong, match="3000 seconds"):
            decoded(data, max_seconds=3000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4_000_000 < 3000 * SAMPLE_RATE * 4


def test_a_header_that_lies_is_found_out_while_decoding() -> None:
    """A FLAC that states one second and holds a minute is refused at the limit."""
    data = bytearray(silent_flac(1))
    data[21:26] = bytes([data[21] & 0xF0]) + SAMPLE_RATE.to_bytes(4)

    with pytest.raises(AudioTooLong):
        decoded(bytes(data), max_seconds=10)


@pytest.mark.parametrize("data", [GOOD["wav"], GOOD["mp3"], GOOD["webm as MediaRecorder writes it"]])
def test_the_limit_holds_for_the_whole_recording(data: bytes) -> None:
    """`start` makes no room: the limit is on the file."""
    assert decoded(data, max_seconds=1.7).duration == pytest.approx(1.5, abs=0.13)
    with pytest.raises(AudioTooLong) as refused:
        decoded(data, max_seconds=1.0, start=0.9)
    assert refused.value.detail == {"limit_seconds": 1.0}


def test_start_skips_to_the_sample() -> None:
    """What follows `start` is what a whole decode has there."""
    whole, rest = decoded(wav(noisy(2).tobytes())), decoded(wav(noisy(2).tobytes()), start=0.75)

    assert np.array_equal(rest.samples, whole.samples[12_000:])
    assert (rest.start, rest.duration) == (0.75, 2.0)


@pytest.mark.parametrize("start", [-0.1, 1.5, 99.0, float("nan"), float("inf")])
def test_a_start_outside_the_recording_is_refused(start: float) -> None:
    """Negative, at the end, past it, or no number."""
    with pytest.raises(InvalidParameter, match="start") as refused:
        decoded(GOOD["wav"], start=start)
    assert refused.value.detail is not None
    assert refused.value.detail["field"] == "start"


TRUNCATED = {
    "wav": wav(noisy(10).tobytes()),
    "flac": encoded(noisy(10), "flac", "flac"),
    "mp3": encoded(noisy(10), "mp3", "libmp3lame"),
    "webm": encoded(noisy(10), "webm", "libopus", rate=48_000),
    "aac": encoded(noisy(10), "adts", "aac"),
}


@pytest.mark.parametrize("data", TRUNCATED.values(), ids=TRUNCATED.keys())
def test_a_file_that_breaks_off_is_decoded_up_to_there(data: bytes) -> None:
    """Six of ten seconds arrive, with a warning."""
    audio = decoded(data[: len(data) * 6 // 10 - 1])

    assert audio.duration == pytest.approx(6.0, abs=0.4)
    assert codes(audio) == ["truncated_audio"]
    assert audio.warnings[0].stage == "decode"


def test_a_hole_in_the_middle_is_skipped_and_told() -> None:
    """What lies behind the damage is decoded too."""
    data = bytearray(TRUNCATED["mp3"])
    middle = len(data) // 2
    data[middle : middle + 1500] = np.random.default_rng(0).bytes(1500)

    audio = decoded(bytes(data))

    assert 9.0 < audio.duration < 10.1
    assert "damaged_audio" in codes(audio)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_from_a_pipe_is_whole(size: int) -> None:
    """Writers that cannot seek state no length or a huge one; that is no damage and no length."""
    audio = decoded(wav(tone(1.5).tobytes(), size=size), max_seconds=10)

    assert audio.duration == 1.5
    assert audio.warnings == ()


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_what_is_no_number_becomes_silence(rate: int) -> None:
    """NaN and infinity in a float wav do not spread."""
    samples = (tone(1.0, rate) / 32768).astype("<f4")
    samples[100], samples[2000], samples[3000] = np.nan, np.inf, -np.inf

    audio = decoded(wav(samples.tobytes(), rate=rate, bits=32, kind=3))

    assert np.isfinite(audio.samples).all()
    assert np.abs(audio.samples).max() <= 1.0
    assert pitch(audio) == pytest.approx(440, abs=2)


def test_floats_beyond_full_scale_are_scaled_down() -> None:
    """A float wav with the values of integers, a common slip, keeps its shape."""
    audio = decoded(wav(tone().astype("<f4").tobytes(), bits=32, kind=3))

    assert np.abs(audio.samples).max() == 1.0
    assert pitch(audio) == pytest.approx(440, abs=1)


def test_a_caller_who_leaves_stops_the_decode() -> None:
    """`cancelled` is asked between packets, while measuring and while decoding."""
    answers = iter([False] * 20 + [True])
    with pytest.raises(Cancelled):
        decode(io.BytesIO(wav(noisy(10).tobytes())), max_seconds=60, cancelled=lambda: next(answers))
    with pytest.raises(Cancelled):
        decode(io.BytesIO(silent_flac(10, says_length=False)), max_seconds=6000, cancelled=lambda: True)


def test_a_missing_file_is_the_callers_fault(tmp_path: Path) -> None:
    """Our own file that is not there is no bad upload."""
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone.wav", max_seconds=60)


def test_the_clips_in_the_repository_decode(clips: tuple[Clip, ...]) -> None:
    """Each clip has the length that stands beside it."""
    assert len(clips) >= 6
    for clip in clips:
        audio = decode(clip.path, max_seconds=60)
        assert audio.duration == pytest.approx(clip.duration, abs=0.13), clip.name
        assert audio.warnings == (), clip.name


HEADS = [
    b"",
    b"RIFF\x24\x08\0\0WAVEfmt ",
    b"fLaC",
    b"OggS\0\x02",
    b"ID3\x04\0",
    b"\xff\xfb\x90\x64",
    b"\x1a\x45\xdf\xa3",
    b"\0\0\0\x1cftypM4A ",
]


@settings(max_examples=150, deadline=None)
@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=3000))
def test_random_bytes_raise_nothing_outside_the_tree(head: bytes, rest: bytes) -> None:
    """Whatever comes, it is audio or an error with a code."""
    try:
        audio = decoded(head + rest, max_seconds=60)
    except (EmptyAudio, UnsupportedAudio, AudioTooLong):
        return
    assert np.isfinite(audio.samples).all()


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(TRUNCATED)),
    at=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=200),
    keep=st.floats(0, 1),
)
def test_damaged_files_raise_nothing_outside_the_tree(name: str, at: float, junk: bytes, keep: float) -> None:
    """A good file with bytes overwritten and the end cut off is audio or an error with a code."""
    data = bytearray(TRUNCATED[name])
    place = int(at * at * len(data))
    data[place : place + len(junk)] = junk
    try:
        audio = decoded(bytes(data[: int(len(data) * keep)]), max_seconds=600)
    except (EmptyAudio, UnsupportedAudio, AudioTooLong):
        return
    assert audio.samples.size == round(audio.duration * SAMPLE_RATE)
