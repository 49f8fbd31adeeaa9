"""What the tiny diarization model is trained on: clips without silence around them, conversations, their labels."""

from itertools import pairwise

import numpy as np
import pytest

from shared.audio import SAMPLE_RATE
from tools.diarization_model.dialogs import dialog
from tools.diarization_model.mixtures import MOST, frames, mixture
from tools.diarization_model.voices import HELD_OUT_VARIANTS, TRAINING_VARIANTS, Speaker, Voice, cast, trimmed


def speaker(level: float) -> Speaker:
    """Return a speaker who says one steady thing, for a second."""
    clip = np.full(SAMPLE_RATE, level, np.float32)
    return Speaker(voice=Voice(variant="m1", pitch=50), clips=(clip,))


def test_held_out_voices_are_held_out():
    """No variant is in both lists, and enough voices are cast from the first."""
    assert not set(HELD_OUT_VARIANTS) & set(TRAINING_VARIANTS)
    voices = cast(TRAINING_VARIANTS, np.random.default_rng(1), 60)
    assert len(set(voices)) == len(voices) > len(TRAINING_VARIANTS)


def test_clips_lose_the_silence_around_them_only():
    """And come at full scale; silence alone is refused."""
    sound = np.concatenate([np.zeros(100), [0.2, 0.0, -0.5], np.zeros(50)]).astype(np.float32)
    assert trimmed(sound).tolist() == pytest.approx([0.4, 0.0, -1.0])
    with pytest.raises(ValueError, match="nothing"):
        trimmed(np.zeros(10, np.float32))


@pytest.mark.parametrize("seed", range(30))
def test_labels_say_who_is_heard(seed: int):
    """Where a voice speaks the sound is loud, where none does there is noise alone; no more than two speak."""
    made = mixture([speaker(0.5), speaker(1.0), speaker(0.7)], np.random.default_rng(seed), 10.0)
    anyone = made.speech.any(axis=0)
    assert made.samples.shape == (10 * SAMPLE_RATE,)
    assert np.abs(made.samples).max() <= 1
    assert anyone.any()
    loudness = np.abs(made.samples)
    assert anyone.all() or loudness[anyone].mean() > 2 * loudness[~anyone].mean()


def test_frames_take_the_label_in_their_middle():
    """Frames beyond the end take the last one."""
    speech = np.zeros((MOST, 10), np.bool_)
    speech[0, 3:6], speech[1, 9] = True, True
    assert frames(speech, np.array([0, 3, 5, 6, 20])).tolist() == [[0, 0], [1, 0], [1, 0], [0, 0], [0, 1]]


def test_a_dialogue_knows_its_lines():
    """In turns, each line where its voice is heard, pauses between them."""
    pair = tuple(Speaker(voice=one.voice, clips=one.clips * 4) for one in (speaker(1.0), speaker(0.8)))
    samples, lines = dialog(pair, np.random.default_rng(1), 4)
    assert [line["speaker"] for line in lines] == [0, 1, 0, 1]
    for line, behind in pairwise(lines):
        assert line["end"] < behind["start"]
        spoken = samples[round(line["start"] * SAMPLE_RATE) : round(line["end"] * SAMPLE_RATE)]
        assert spoken.size == SAMPLE_RATE
        assert np.abs(spoken).min() > 0.3
        pause = samples[round(line["end"] * SAMPLE_RATE) : round(behind["start"] * SAMPLE_RATE)]
        assert np.abs(pause).max() < 0.05
