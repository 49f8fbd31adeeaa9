"""A checkpoint as a CTranslate2 model that faster-whisper loads like any other."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from ctranslate2.specs import common_spec, whisper_spec
from numpy.typing import NDArray

from tools.bundled_model.model import SHAPES, Shape

Weights = Mapping[str, NDArray[np.float32]]

_BLANK: Final = 220
"""The token of a single space: never the first of a text. Whisper also forbids the end of text there, which would
make a model invent words for a silence asked for without timestamps; these models may answer with nothing."""
_FIRST_LANGUAGE: Final = 50_259
_LANGUAGES: Final = 99


def export(checkpoint: Path, model: str, tokenizer: Path, target: Path, heads: Sequence[tuple[int, int]]) -> None:
    """Write the model, int8, with tokenizer, vocabulary and preprocessor beside it.

    Args:
        checkpoint: what training wrote.
        model: a name in `SHAPES`.
        tokenizer: folder with `tokenizer.json` and `vocabulary.json`.
        target: folder to write.
        heads: (layer, head) pairs of the decoder whose attention follows the audio.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]
    weights = {name: tensor.float().numpy() for name, tensor in state.items()}
    specification = build(weights, SHAPES[model])
    vocabulary = json.loads((tokenizer / "vocabulary.json").read_text(encoding="utf-8"))
    specification.register_vocabulary(vocabulary)
    specification.config.suppress_ids = []
    specification.config.suppress_ids_begin = [_BLANK]
    specification.config.lang_ids = list(range(_FIRST_LANGUAGE, _FIRST_LANGUAGE + _LANGUAGES))
    specification.config.alignment_heads = [list(pair) for pair in heads]
    specification.validate()
    specification.optimize(quantization="int8")
    target.mkdir(parents=True, exist_ok=True)
    specification.save(str(target))
    write_compact(vocabulary, target / "vocabulary.json")
    write_compact(json.loads((tokenizer / "tokenizer.json").read_text(encoding="utf-8")), target / "tokenizer.json")
    shutil.copyfile(tokenizer / "preprocessor_config.json", target / "preprocessor_config.json")


def write_compact(value: object, path: Path) -> None:
    """Write JSON without spaces and escapes: half the size of the usual form."""
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def build(weights: Weights, shape: Shape) -> Any:  # noqa: ANN401 - CTranslate2 has no types
    """Return the weights as CTranslate2's specification of a Whisper."""
    specification = whisper_spec.WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    for side in ("encoder", "decoder"):
        _fill_side(getattr(specification, side), weights, side)
    for name in ("conv1", "conv2"):
        _fill(getattr(specification.encoder, name), weights, f"encoder.{name}")
    table = weights["decoder.embed_tokens.weight"]
    specification.decoder.embeddings.weight = table
    specification.decoder.projection.weight = table
    return specification


def _fill_side(side: Any, weights: Weights, name: str) -> None:  # noqa: ANN401
    side.position_encodings.encodings = weights[f"{name}.embed_positions.weight"]
    _fill_norm(side.layer_norm, weights, f"{name}.layer_norm")
    for index, layer in enumerate(side.layer):
        prefix = f"{name}.layers.{index}"
        _fill_attention(layer.self_attention, weights, f"{prefix}.self_attn", fused=("q_proj", "k_proj", "v_proj"))
        if name == "decoder":
            _fill_attention(layer.attention, weights, f"{prefix}.encoder_attn", fused=("q_proj",))
            layer.attention.linear[1] = _fused(weights, f"{prefix}.encoder_attn", ("k_proj", "v_proj"))
        _fill(layer.ffn.linear_0, weights, f"{prefix}.fc1")
        _fill(layer.ffn.linear_1, weights, f"{prefix}.fc2")
        _fill_norm(layer.ffn.layer_norm, weights, f"{prefix}.final_layer_norm")


def _fill_attention(part: Any, weights: Weights, name: str, *, fused: tuple[str, ...]) -> None:  # noqa: ANN401
    part.linear[0] = _fused(weights, name, fused)
    _fill(part.linear[-1], weights, f"{name}.out_proj")
    _fill_norm(part.layer_norm, weights, f"{name}_layer_norm")


def _fused(weights: Weights, name: str, parts: tuple[str, ...]) -> Any:  # noqa: ANN401
    linear = common_spec.LinearSpec()
    linear.weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
    width = linear.weight.shape[1]
    nothing = np.zeros(width, np.float32)
    linear.bias = np.concatenate([weights.get(f"{name}.{part}.bias", nothing) for part in parts])
    return linear


def _fill(part: Any, weights: Weights, name: str) -> None:  # noqa: ANN401
    part.weight, part.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _fill_norm(part: Any, weights: Weights, name: str) -> None:  # noqa: ANN401
    part.gamma, part.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]
