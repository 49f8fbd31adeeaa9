"""Which recordings a command line names."""

import io
import os
from pathlib import Path

import pytest

from svenska.exits import Exit, Failure
from svenska.recordings import Recording, recordings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with recordings, in which the command is run."""
    for name in ("b.wav", "a.wav", "c.mp3", "[x].wav", "sub/d.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _names(*arguments: str) -> list[str]:
    return [one.name for one in recordings(arguments, None)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["b.wav", "a.wav"], ["b.wav", "a.wav"]),
        (["*.wav"], ["[x].wav", "a.wav", "b.wav"]),
        (["**/d.*"], ["sub/d.wav"]),
        (["a.wav", "a.*", "a.wav"], ["a.wav"]),
        (["[x].wav"], ["[x].wav"]),
        (["*"], ["[x].wav", "a.wav", "b.wav", "c.mp3"]),
        (["nothing-*.wav"], ["nothing-*.wav"]),
    ],
)
def test_patterns_are_expanded_where_the_shell_did_not(arguments: list[str], names: list[str]):
    """Files only, sorted, each once; a name that exists is never a pattern."""
    assert _names(*arguments) == names


@pytest.mark.parametrize(
    ("name", "code"), [("nothing-*.wav", "file_not_found"), ("sub", "is_a_folder"), ("a\0b", "not_readable")]
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_read_is_told_when_it_is_opened(name: str, code: str):
    """So that the other recordings are not kept from being done."""
    (recording,) = recordings([name], None)
    with pytest.raises(Failure) as failed, recording.opened():
        pass
    assert (failed.value.code, failed.value.exit_code) == (code, Exit.INPUT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_told(folder: Path):
    """As that, and not as missing."""
    (folder / "a.wav").chmod(0)
    with pytest.raises(Failure) as failed, Recording(path=Path("a.wav")).opened():
        pass
    assert failed.value.code == "not_readable"


def test_standard_input_can_be_read_twice():
    """It is sent again when the service was busy."""
    (recording,) = recordings(["-"], io.BytesIO(b"RIFF"))
    with recording.opened() as file:
        assert file.read() == b"RIFF"
        file.seek(0)
        assert file.read() == b"RIFF"
    assert (recording.name, recording.upload_name) == ("stdin", "stdin")


def test_a_terminal_is_no_recording():
    """Rather than wait for somebody to type a wav."""

    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    with pytest.raises(Failure) as failed, Recording(path=None, stdin=Terminal()).opened():
        pass
    assert failed.value.exit_code is Exit.USAGE


def test_a_service_never_sees_a_folder_of_this_machine():
    """Only the file's own name is sent, and shown names move no cursor."""
    recording = Recording(path=Path("hemligt/kund\x1b[2J.wav"))
    assert recording.upload_name == "kund\x1b[2J.wav"
    assert recording.name == "hemligt/kund�[2J.wav"


def test_a_name_that_is_no_text_can_be_shown():
    """Linux takes any bytes for a name."""
    recording = Recording(path=Path(os.fsdecode(b"m\xf6te.wav")))
    assert recording.name == "m�te.wav"
