from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")

import torch
from tokenizers import Tokenizer

from tools.bundled_model.clips import Clip, Segment
from tools.bundled_model.looks import STATE_SECONDS, astray, looks_of
from tools.bundled_model.model import Attention, Shape, Whisper
from tools.bundled_model.targets import NOWHERE, TargetWriter

_ASSETS = Path(__file__).parents[2] / "api_server" / "assets" / "nano-sv"
_SHAPE = Shape(width=8, heads=1, encoder_layers=1, decoder_layers=2)


def _writer() -> TargetWriter:
    return TargetWriter(Tokenizer.from_file(str(_ASSETS / "tokenizer.json")))


def test_each_answer_has_its_moment() -> None:
    """What is said lies within its sentence, in order; what nobody says has no moment."""
    sentences = (Segment(start=0.5, end=1.5, text="Jag heter Anna."), Segment(start=2.0, end=4.0, text="Hej, hej."))
    clip = Clip(samples=np.zeros(80_000, np.float32), language="sv", segments=sentences)
    for seed in range(30):
        target = _writer().write(clip, Random(seed))
        assert len(target.moments) == len(target.tokens) == len(target.labels)
        said = [moment for moment in target.moments if moment != NOWHERE]
        assert said == sorted(said)
        assert all(any(one.start <= moment <= one.end for one in sentences) for moment in said)
        assert target.moments[-1] == NOWHERE


def test_silence_has_no_moment() -> None:
    """There is nothing to look at."""
    target = _writer().write(Clip(samples=np.zeros(16_000, np.float32), language="sv", segments=()), Random(1))
    assert set(target.moments) == {NOWHERE}
    assert len(target.moments) == len(target.tokens)


def test_looking_elsewhere_costs() -> None:
    """Nothing where a head looks at the moment, the more the farther off it looks."""
    part = Attention(_SHAPE)
    for layer in (part.q_proj, part.k_proj):
        layer.weight.data = 30 * torch.eye(8)
    part.q_proj.bias.data.zero_()
    asked = torch.nn.functional.one_hot(torch.arange(400) // 50, 8)[None].float()
    look = (part, torch.eye(8)[2][None, None], asked)  # from 2.0 s to 3.0 s
    costs = [astray([look], torch.tensor([[moment]])).item() for moment in (2.5, 3.5, 5.0)]
    assert costs[0] < costs[1] < costs[2]
    assert costs[0] < 1 < costs[2]
    assert astray([look], torch.tensor([[NOWHERE]])).item() == 0


def test_looks_are_kept_only_while_asked_for() -> None:
    """One for each layer, and none of later uses."""
    model = Whisper(_SHAPE)
    audio = model.encoder(torch.zeros(1, 80, 20))
    with looks_of(model.decoder) as looks:
        model.decoder(torch.tensor([[1, 2, 3]]), audio)
    model.decoder(torch.tensor([[1, 2, 3]]), audio)
    assert len(looks) == 2
    assert [tuple(asked.shape) for _, _, asked in looks] == [(1, 10, 8)] * 2
    assert 10 * STATE_SECONDS == 0.2
