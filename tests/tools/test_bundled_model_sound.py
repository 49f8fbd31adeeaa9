import numpy as np
import pytest

_REASON = "the training environment (extra `train`) is not installed"
pytest.importorskip("scipy", reason=_REASON)
pytest.importorskip("soxr", reason=_REASON)
pytest.importorskip("soundfile", reason=_REASON)

from tools.bundled_model import augment, speech  # noqa: E402 - only where its libraries are

_TONE = np.sin(np.arange(16_000) * 2 * np.pi * 440 / 16_000).astype(np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_augmented_sound_keeps_its_length_and_range(seed: int):
    """What was said when must still hold."""
    heard = augment.augment(_TONE, np.random.default_rng(seed))
    assert heard.shape == _TONE.shape
    assert heard.dtype == np.float32
    assert np.abs(heard).max() <= 1


@pytest.mark.parametrize("decibels", [8.0, 20.0, 40.0])
def test_noise_is_as_far_below_as_asked(decibels: float):
    """The ratio of the powers is the signal-to-noise ratio."""
    added = augment.add_noise(_TONE, decibels, np.random.default_rng(1)) - _TONE
    assert 10 * np.log10(np.mean(_TONE**2) / np.mean(added**2)) == pytest.approx(decibels, abs=0.5)


def test_companding_stays_close():
    """Eight bits of mu-law are audible, not destructive."""
    assert np.abs(augment.companded(_TONE) - _TONE).max() < 0.05


def test_silence_around_speech_is_cut():
    """Segment times start where the voice does."""
    padded = np.concatenate([np.zeros(100, np.float32), _TONE + 0.1, np.zeros(50, np.float32)])
    samples, cut = speech.trim(padded)
    assert cut == 100
    assert samples.size == _TONE.size


def test_held_out_voices_are_not_trained_on():
    """Scores on unseen voices mean nothing otherwise."""
    assert not set(speech.HELD_OUT_VARIANTS) & {*speech.CLEAR_VARIANTS, *speech.ODD_VARIANTS}
