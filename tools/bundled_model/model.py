"""A Whisper in the standard shape (Radford et al. 2022), with the parameter names that Hugging Face gave it."""

import math
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

VOCABULARY: Final = 51_865
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzåäöé '"
"""What the CTC head spells; index 0 is the blank."""
_CTC_CLASSES: Final = 64


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of a model."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    teacher_width: int = 0
    """Of a larger model whose encoder is copied while training; 0: there is none."""


SHAPES: Final = {
    "nano-sv": Shape(width=256, heads=4, encoder_layers=4, decoder_layers=3),
    "pico-sv": Shape(width=128, heads=2, encoder_layers=3, decoder_layers=2, teacher_width=256),
    "miniature": Shape(width=64, heads=1, encoder_layers=1, decoder_layers=1),
}


def sinusoids(length: int, width: int) -> Tensor:
    """Return the (length, width) position table of Whisper's encoder."""
    step = math.log(10_000) / (width // 2 - 1)
    angles = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def attend(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """Return (batch, heads, time, width): torch's own on a GPU; on a CPU plain products, which are twice as fast."""
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    scores = (query / math.sqrt(query.size(3))) @ key.transpose(2, 3)
    if causal:
        scores = scores + torch.full(scores.shape[2:], -1e4, dtype=scores.dtype).triu(1)
    return scores.softmax(dim=-1) @ value


class Attention(nn.Module):
    """Attention of several heads; Whisper's keys have no bias."""

    def __init__(self, shape: Shape) -> None:
        """Make the four projections."""
        super().__init__()
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.width, shape.width)
        self.k_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.width)
        self.out_proj = nn.Linear(shape.width, shape.width)

    def forward(self, x: Tensor, source: Tensor | None = None, *, causal: bool = False) -> Tensor:
        """Return (batch, time, width): what each position of `x` gathers from `source`, or from `x`."""
        source = x if source is None else source
        query, key, value = (self._split(part) for part in self._project(x, source))
        gathered = attend(query, key, value, causal=causal)
        joined: Tensor = self.out_proj(gathered.transpose(1, 2).reshape(x.shape))
        return joined

    def weights(self, x: Tensor, source: Tensor) -> Tensor:
        """Return (batch, heads, time, source time): how much each position looks where."""
        query, key = self._split(self.q_proj(x)), self._split(self.k_proj(source))
        return (query @ key.transpose(2, 3) / math.sqrt(query.size(3))).softmax(dim=-1)

    def _project(self, x: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.q_proj(x), self.k_proj(source), self.v_proj(source)

    def _split(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        return x.view(batch, time, self.heads, width // self.heads).transpose(1, 2)


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward part, each around a residual."""

    def __init__(self, shape: Shape) -> None:
        """Make the layer's parts."""
        super().__init__()
        self.self_attn = Attention(shape)
        self.self_attn_layer_norm = nn.LayerNorm(shape.width)
        self.fc1 = nn.Linear(shape.width, 4 * shape.width)
        self.fc2 = nn.Linear(4 * shape.width, shape.width)
        self.final_layer_norm = nn.LayerNorm(shape.width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, time, width)."""
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        fed: Tensor = x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return fed


class DecoderLayer(EncoderLayer):
    """An encoder layer that looks back only, and at the audio."""

    def __init__(self, shape: Shape) -> None:
        """Make the layer's parts."""
        super().__init__(shape)
        self.encoder_attn = Attention(shape)
        self.encoder_attn_layer_norm = nn.LayerNorm(shape.width)

    def forward(self, x: Tensor, audio: Tensor) -> Tensor:  # type: ignore[override]
        """Return (batch, tokens, width)."""
        x = x + self.self_attn(self.self_attn_layer_norm(x), causal=True)
        x = x + self.encoder_attn(self.encoder_attn_layer_norm(x), audio)
        fed: Tensor = x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return fed


class Encoder(nn.Module):
    """Mel frames to audio states, two frames to one."""

    def __init__(self, shape: Shape) -> None:
        """Make convolutions, positions and layers."""
        super().__init__()
        self.conv1 = nn.Conv1d(80, shape.width, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(1500, shape.width)
        self.embed_positions.weight = nn.Parameter(sinusoids(1500, shape.width), requires_grad=False)
        self.layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.layer_norm = nn.LayerNorm(shape.width)

    def forward(self, mel: Tensor) -> Tensor:
        """Return (batch, frames / 2, width) for (batch, 80, frames)."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.embed_positions.weight[: x.size(1)]
        for layer in self.layers:
            x = layer(x)
        normed: Tensor = self.layer_norm(x)
        return normed


class Decoder(nn.Module):
    """Tokens so far and audio states to states that point at the next token."""

    def __init__(self, shape: Shape) -> None:
        """Make embeddings and layers."""
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY, shape.width)
        self.embed_positions = nn.Embedding(448, shape.width)
        nn.init.normal_(self.embed_tokens.weight, std=0.02)
        nn.init.normal_(self.embed_positions.weight, std=0.02)
        self.layers = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.decoder_layers))
        self.layer_norm = nn.LayerNorm(shape.width)

    def forward(self, tokens: Tensor, audio: Tensor) -> Tensor:
        """Return (batch, tokens, width); times the embedding, transposed, they are the logits."""
        x = self.embed_tokens(tokens) + self.embed_positions.weight[: tokens.size(1)]
        for layer in self.layers:
            x = layer(x, audio)
        normed: Tensor = self.layer_norm(x)
        return normed


class Whisper(nn.Module):
    """Encoder, decoder and, for training only, heads: CTC spells what the encoder hears, the other tells a teacher."""

    def __init__(self, shape: Shape) -> None:
        """Make a model of this shape with random weights."""
        super().__init__()
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.ctc = nn.Linear(shape.width, _CTC_CLASSES)
        self.told = nn.Linear(shape.width, shape.teacher_width) if shape.teacher_width else None
