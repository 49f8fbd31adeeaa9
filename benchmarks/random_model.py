"""A CTranslate2 Whisper of true size that nobody trained: its speed is that of the real checkpoint.

    python -m benchmarks.random_model base FOLDER      tiny, base or small; `--tokens 24`

All weights are random and of the true shape, quantized to int8. Two things are arranged, so that a server can run it
like any other model. The last products of each decoder block are scaled down, so that what a token is outweighs what
the blocks add; and the rows of the output projection are the embeddings of the tokens that they are to follow. So
whatever it hears, it says the same number of tokens, once, and ends, sure of itself. Hence no fallback and no loop:
what those would cost is not in the figures made with it.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2.specs import common_spec, whisper_spec
from numpy.typing import NDArray

TOKENIZER: Final = Path(__file__).parents[1] / "api_server" / "assets" / "nano-sv"
TOKENS: Final = 24
"""Text tokens of every window: about four seconds of Swedish at six a second."""
VOCABULARY: Final = 51_865
_MELS: Final = 80
_END, _START, _FIRST_LANGUAGE, _LANGUAGES, _TRANSCRIBE = 50_257, 50_258, 50_259, 99, 50_359
_NO_TIMESTAMPS, _FIRST_TIMESTAMP, _SWEDISH = 50_363, 50_364, 50_273
_WORDS: Final = 1_000
"""The first token of the text; the others follow in the vocabulary's order."""
_SECONDS: Final = 4.0
"""Where the text claims to end."""
_VARIANTS: Final = 8
"""Tokens that could stand at each place of the text: a beam search follows the likeliest of them."""
_QUIET: Final = 0.02
_SURE: Final = 3.0
_LESS: Final = 0.1
"""How strongly the likeliest token follows, and how much less each further one: a factor of ten in probability."""
_BLANK: Final = 220


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A Whisper's dimensions."""

    width: int
    """Of the model."""
    layers: int
    """Of each side."""
    heads: int
    """Of attention."""


SHAPES: Final = {
    "tiny": Shape(width=384, layers=4, heads=6),
    "base": Shape(width=512, layers=6, heads=8),
    "small": Shape(width=768, layers=12, heads=12),
}


def write(name: str, folder: Path, *, tokens: int = TOKENS) -> Path:
    """Write a model into `folder` and return it."""
    shape, random = SHAPES[name], np.random.default_rng(0)
    specification = whisper_spec.WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _fill_encoder(specification.encoder, shape, random)
    _fill_decoder(specification.decoder, shape, random, tokens)
    vocabulary = json.loads((TOKENIZER / "vocabulary.json").read_text(encoding="utf-8"))
    specification.register_vocabulary(vocabulary)
    specification.config.suppress_ids = []
    specification.config.suppress_ids_begin = [_BLANK, _END]
    specification.config.lang_ids = list(range(_FIRST_LANGUAGE, _FIRST_LANGUAGE + _LANGUAGES))
    last = range(shape.layers // 2, shape.layers)
    specification.config.alignment_heads = [[layer, head] for layer in last for head in range(2)]
    specification.validate()
    specification.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    specification.save(str(folder))
    for file in ("tokenizer.json", "preprocessor_config.json"):
        shutil.copyfile(TOKENIZER / file, folder / file)
    return folder


def steps(tokens: int) -> list[tuple[list[int], list[int]]]:
    """Return what follows what: (any of these tokens, these from the likeliest on), the text once and its end."""
    words = [[_WORDS + place * _VARIANTS + one for one in range(_VARIANTS)] for place in range(tokens)]
    end_time = _FIRST_TIMESTAMP + round(_SECONDS / 0.02)
    languages = list(range(_FIRST_LANGUAGE, _FIRST_LANGUAGE + _LANGUAGES))
    return [
        ([_START], [_SWEDISH]),
        (languages, [_TRANSCRIBE]),
        ([_TRANSCRIBE], [_FIRST_TIMESTAMP]),
        ([_FIRST_TIMESTAMP, _NO_TIMESTAMPS], words[0]),
        *pairwise(words),
        (words[-1], [end_time]),
        ([end_time], [_END]),
    ]


def _fill_encoder(side: Any, shape: Shape, random: np.random.Generator) -> None:  # noqa: ANN401
    _fill(side.conv1, random, (shape.width, _MELS, 3))
    _fill(side.conv2, random, (shape.width, shape.width, 3))
    side.position_encodings.encodings = _normal(random, (1_500, shape.width), 0.02)
    _fill_norm(side.layer_norm, shape.width)
    for layer in side.layer:
        _fill_block(layer, shape.width, random, across=False)


def _fill_decoder(side: Any, shape: Shape, random: np.random.Generator, tokens: int) -> None:  # noqa: ANN401
    side.position_encodings.encodings = _normal(random, (448, shape.width), 0.02)
    _fill_norm(side.layer_norm, shape.width)
    for layer in side.layer:
        _fill_block(layer, shape.width, random, across=True)
    embedding = _normal(random, (VOCABULARY, shape.width), 1.0)
    projection = _normal(random, (VOCABULARY, shape.width), _QUIET)
    for before, after in steps(tokens):
        embedding[before] = embedding[before[0]]
        for place, token in enumerate(after):
            projection[token] += embedding[before[0]] * (_SURE - _LESS * place) / np.sqrt(shape.width)
    side.embeddings.weight, side.projection.weight = embedding, projection


def _fill_block(layer: Any, width: int, random: np.random.Generator, *, across: bool) -> None:  # noqa: ANN401
    _fill_attention(layer.self_attention, width, random, inputs=(3,))
    if across:
        _fill_attention(layer.attention, width, random, inputs=(1, 2))
    _fill(layer.ffn.linear_0, random, (4 * width, width))
    _fill(layer.ffn.linear_1, random, (width, 4 * width), _QUIET)
    _fill_norm(layer.ffn.layer_norm, width)


def _fill_attention(part: Any, width: int, random: np.random.Generator, *, inputs: tuple[int, ...]) -> None:  # noqa: ANN401
    for index, factor in enumerate(inputs):
        part.linear[index] = common_spec.LinearSpec()
        _fill(part.linear[index], random, (factor * width, width))
    _fill(part.linear[-1], random, (width, width), _QUIET)
    _fill_norm(part.layer_norm, width)


def _fill(part: Any, random: np.random.Generator, size: tuple[int, ...], scale: float = 1.0) -> None:  # noqa: ANN401
    part.weight = _normal(random, size, scale / np.sqrt(np.prod(size[1:])))
    part.bias = _normal(random, size[:1], 0.01 * scale)


def _fill_norm(part: Any, width: int) -> None:  # noqa: ANN401
    part.gamma, part.beta = np.ones(width, np.float32), np.zeros(width, np.float32)


def _normal(random: np.random.Generator, size: tuple[int, ...], scale: float) -> NDArray[np.float32]:
    return random.standard_normal(size, dtype=np.float32) * np.float32(scale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="text tokens of every window")
    chosen = parser.parse_args()
    print(write(chosen.size, chosen.folder, tokens=chosen.tokens))


if __name__ == "__main__":
    main()
