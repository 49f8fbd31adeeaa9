"""Which decoder heads follow the audio, found by measurement: they give the word timestamps."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer

from tools.bundled_model.clips import Clip, Segment
from tools.bundled_model.features import frames, log_mel
from tools.bundled_model.looks import STATE_SECONDS, looks_of
from tools.bundled_model.model import Whisper
from tools.bundled_model.speech import CLEAR_VARIANTS, SAMPLE_RATE, SpokenWord, Voice, espeak
from tools.bundled_model.targets import TargetWriter
from tools.bundled_model.text import Writer

Head = tuple[int, int]
"""Decoder layer and head, counted from 0."""

_TOLERANCE: Final = 1.5
"""A head is taken when its error is at most so many times the best one's."""


def measure_heads(model: Whisper, tokenizer: Tokenizer, writer: Writer, sentences: int = 30) -> dict[Head, float]:
    """Return each head's median distance, in seconds, from where it looks to the middle of the word it writes."""
    random = Random(19)
    found: dict[Head, list[float]] = {}
    model.eval()
    for _ in range(sentences):
        text = writer.sentence(random)
        voice = Voice(name=f"sv+{random.choice(CLEAR_VARIANTS)}", rate=160, pitch=50)
        spoken = espeak().say(text, voice)
        for head, distances in _sentence(model, tokenizer, text, spoken.samples, spoken.words).items():
            found.setdefault(head, []).extend(distances)
    return {head: float(np.median(distances)) for head, distances in found.items()}


def choose_heads(errors: dict[Head, float], most: int = 6) -> list[Head]:
    """Return the heads that look closest to the words, the best first, at most `most`."""
    ranked = sorted(errors, key=lambda head: errors[head])
    limit = _TOLERANCE * errors[ranked[0]]
    return [head for head in ranked if errors[head] <= limit][:most]


def _sentence(
    model: Whisper,
    tokenizer: Tokenizer,
    text: str,
    samples: Any,  # noqa: ANN401 - a wave
    words: Sequence[SpokenWord],
) -> dict[Head, list[float]]:
    writer = TargetWriter(tokenizer)
    segment = Segment(start=0, end=samples.size / SAMPLE_RATE, text=text)
    target = writer.write_plain(Clip(samples=samples, language="sv", segments=(segment,)))
    length = frames(samples.size)
    mel = log_mel([samples], length + length % 2)
    middles = _middles(writer, text, words)
    if not middles:
        return {}
    looks = _attention(model, mel, torch.tensor([target.tokens]))
    first = len(target.tokens) - len(middles)
    return {
        head: [abs(float(row[first - 1 + index]) - middle) for index, middle in enumerate(middles)]
        for head, row in looks.items()
    }


def _middles(writer: TargetWriter, text: str, words: Sequence[SpokenWord]) -> list[float]:
    if [word.text for word in words] != text.split():
        return []
    return [(word.start + word.end) / 2 for word in words for _ in writer.encode(word.text)]


@torch.no_grad()
def _attention(model: Whisper, mel: torch.Tensor, tokens: torch.Tensor) -> dict[Head, torch.Tensor]:
    """Return by head the second at which each position looks most."""
    with looks_of(model.decoder) as looks:
        model.decoder(tokens, model.encoder(mel))
    found = {}
    for layer, (part, states, audio) in enumerate(looks):
        for head, weights in enumerate(part.weights(states, audio)[0]):
            found[layer, head] = weights.argmax(dim=-1) * STATE_SECONDS
    return found
