"""Trials of a model, on the model's stand-in."""

import numpy as np
import pytest

from api_server.calibrate.__main__ import calibrate, main
from api_server.calibrate.trials import utterances
from api_server.engine.base import LoadOptions, Samples
from api_server.engine.fake import FakeTranscriber
from shared.errors import InvalidParameter

SECOND = 16_000


def tone(seconds: float, *, level: float = 0.2) -> Samples:
    """Return something to hear."""
    return (level * np.sin(np.arange(int(seconds * SECOND)) / 10)).astype(np.float32)


def test_pieces_are_taken_from_all_recordings_in_turn() -> None:
    """None is silent or too short to compare, and a long recording does not crowd out the others."""
    found = utterances([tone(40), tone(3), tone(0.2), np.zeros(10 * SECOND, np.float32)], most=3)
    assert len(found) == 3
    assert found[1].size == 3 * SECOND


def test_every_way_is_tried_and_settings_are_advised() -> None:
    """Each with the model loaded anew and given back."""
    loaded: list[LoadOptions] = []
    said: list[str] = []

    def load(options: LoadOptions, _verified: object, /) -> FakeTranscriber:
        loaded.append(options)
        return FakeTranscriber()

    advice = calibrate(load, [tone(9)], LoadOptions(), language="sv", most=4, say=said.append, cores=2)
    assert [one.setting.partition("=")[0] for one in advice] == ["AUDIO_CONTEXT", "WHISPER_THREADS"]
    assert [options.threads for options in loaded] == [0, 0, 0, 1, 2]
    assert [line.split()[0] for line in said[1:]] == [
        "AUDIO_CONTEXT=full", "AUDIO_CONTEXT=verified", "AUDIO_CONTEXT=short", "WHISPER_THREADS=1", "WHISPER_THREADS=2",
    ]  # fmt: skip


def test_silence_cannot_be_judged_by() -> None:
    """And nothing is loaded for it."""
    loaded: list[LoadOptions] = []

    def load(options: LoadOptions, _verified: object, /) -> FakeTranscriber:
        loaded.append(options)
        return FakeTranscriber()

    silence = [np.zeros(SECOND, np.float32)]
    with pytest.raises(InvalidParameter, match="FILES"):
        calibrate(load, silence, LoadOptions(), language=None, most=4, say=lambda _line: None)
    assert loaded == []


def test_a_file_that_cannot_be_read_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """And exit code 2."""
    assert main(["/nowhere/at-all.wav"]) == 2
    assert "at-all.wav: the file cannot be read" in capsys.readouterr().err
