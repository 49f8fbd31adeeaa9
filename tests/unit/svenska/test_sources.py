"""Where live audio comes from."""

import io
import sys
from pathlib import Path

import pytest

from svenska.exits import Exit, Failure
from svenska.recordings import Recording
from svenska.sources import (
    CHUNK_BYTES,
    file_or_pipe,
    from_microphone,
    from_pipe,
    from_recording,
    microphone_command,
    paced,
)
from tests.clips import clip


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds


def test_a_recording_is_sent_at_the_speed_of_speech():
    """Each tenth of a second when it would have been spoken."""
    clock = _Clock()
    assert list(paced(iter([b"a", b"b", b"c"]), clock=lambda: clock.now, wait=clock.wait)) == [b"a", b"b", b"c"]
    assert clock.waits == [0.1, 0.1, 0.1]


def test_a_late_sender_catches_up():
    """The clock counts from the beginning, so that delays do not add up."""
    clock = _Clock()
    sent = paced(iter([b"a", b"b", b"c", b"d"]), clock=lambda: clock.now, wait=clock.wait)
    next(sent)
    clock.now += 0.25
    assert list(sent) == [b"b", b"c", b"d"]
    assert clock.waits == [0.1, 0.05]


def test_any_recording_becomes_pcm():
    """16 kHz mono, two bytes a sample, as long as the recording."""
    found = clip("mote")
    with from_recording(Recording(path=found.path)) as chunks:
        sizes = [len(chunk) for chunk in chunks]
    assert {*sizes[:-1]} == {CHUNK_BYTES}
    assert sum(sizes) / 32_000 == pytest.approx(found.duration, abs=0.2)


def test_a_file_that_is_no_audio_is_refused(tmp_path: Path):
    """In the words of the services."""
    path = tmp_path / "a.wav"
    path.write_text("Hej, jag är ingen inspelning. " * 20)
    with pytest.raises(Failure) as failed:
        from_recording(Recording(path=path))
    assert (failed.value.code, failed.value.exit_code) == ("unsupported_audio", Exit.INPUT)


def test_a_pipe_is_never_cut_in_the_middle_of_a_sample():
    """Whatever sizes come out of it."""

    class Drip(io.RawIOBase):
        def __init__(self) -> None:
            self._left = [b"abc", b"d", b"e", b"fg", b"h"]

        def read1(self, _size: int) -> bytes:
            return self._left.pop(0) if self._left else b""

    with from_pipe(Drip()) as chunks:
        assert list(chunks) == [b"ab", b"cd", b"ef", b"gh"]


def test_a_terminal_is_no_audio():
    """Rather than wait for somebody to type samples."""

    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    with pytest.raises(Failure) as failed:
        file_or_pipe("-", Terminal())
    assert failed.value.exit_code is Exit.USAGE


@pytest.mark.parametrize(
    ("there", "device", "begins"),
    [
        ({"parec", "arecord", "rec"}, None, ["parec", "--raw"]),
        ({"arecord"}, None, ["arecord", "-q"]),
        ({"arecord"}, "hw:1", ["arecord", "-Dhw:1"]),
        ({"parec"}, "usb", ["parec", "--device=usb"]),
        ({"rec"}, None, ["rec", "-q"]),
    ],
)
def test_the_first_recorder_that_is_there_records(there: set[str], device: str | None, begins: list[str]):
    """With the microphone that was asked for."""
    command = microphone_command(device, which=lambda name: name if name in there else None)
    assert list(command[:2]) == begins


@pytest.mark.parametrize(("there", "device"), [(None, None), ("rec", "usb")])
def test_what_cannot_be_recorded_says_what_to_do(there: str | None, device: str | None):
    """No recorder, or one that takes no device."""
    with pytest.raises(Failure) as failed:
        microphone_command(device, which=lambda name: name if name == there else None)
    assert failed.value.exit_code is Exit.USAGE


def test_a_microphone_is_read_as_it_records():
    """From the program's standard output."""
    with from_microphone([sys.executable, "-c", "print('ab' * 4000, end='')"]) as chunks:
        assert b"".join(chunks) == b"ab" * 4000


def test_a_microphone_is_let_go():
    """The recorder ends with the block, though it would go on for ever."""
    endless = "import sys\nwhile True: sys.stdout.buffer.write(bytes(3200))"
    with from_microphone([sys.executable, "-c", endless]) as chunks:
        assert next(iter(chunks)).count(0) > 0


def test_a_recorder_that_fails_says_why():
    """By the last line of what it says: the first ones are its library's."""
    with (
        from_microphone(
            [sys.executable, "-c", "import sys; sys.exit('ALSA lib 1\\nrec: no such device\\n')"]
        ) as chunks,
        pytest.raises(Failure, match=r"read: rec: no such device$") as failed,
    ):
        list(chunks)
    assert failed.value.exit_code is Exit.FAILED
