import math
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import Tokenizer

from tools.bundled_model.features import log_mel
from tools.bundled_model.miniature import miniature
from tools.bundled_model.plans import tiny
from tools.bundled_model.train import Trainer

_ASSETS = Path(__file__).parents[2] / "api_server" / "assets" / "nano-sv"


def test_features_are_those_of_faster_whisper():
    """A model trained on other features would hear nothing in production."""
    wave = np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * np.float32(0.1)
    theirs = FeatureExtractor()(wave)
    ours = log_mel([wave], theirs.shape[1])[0].numpy()
    assert np.abs(ours - theirs)[:, :-2].max() < 1e-3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_all_steps_run_and_training_resumes(tmp_path: Path):
    """Speech, training, heads, export and figures fit together; a second run goes on where the first stopped."""
    rows = {what: figure for what, figure, _ in miniature(tmp_path, _ASSETS, seconds=4)}
    assert 0 < rows["size"] < 14
    assert math.isnan(rows["WER phrases"])
    resumed = Trainer(tiny(0.1, 1), Tokenizer.from_file(str(_ASSETS / "tokenizer.json")), tmp_path / "miniature.pt")
    assert resumed.step > 0
    before = resumed.step
    resumed.run(tmp_path / "clips")
    assert resumed.step > before
