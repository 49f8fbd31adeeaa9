"""Every step once, in about a minute, with a model too small to be of use: it shows that the steps fit together."""

from pathlib import Path

import torch
from tokenizers import Tokenizer

from tools.bundled_model import align_heads, clips
from tools.bundled_model.evaluate import Row, evaluate
from tools.bundled_model.export import export
from tools.bundled_model.model import SHAPES, Whisper
from tools.bundled_model.plans import tiny
from tools.bundled_model.text import Lexicon
from tools.bundled_model.train import Trainer
from tools.bundled_model.word_list import words
from tools.bundled_model.writers import small_writers

_WORDS = words("hej tack dag natt hus bil sol regn vind skog hav sommar vinter bok stol bord")


def miniature(work: Path, tokenizer: Path, *, seconds: float = 10.0) -> list[Row]:
    """Speak, train, choose heads, export and evaluate under `work`; return the (poor) figures."""
    writers = small_writers(Lexicon(words=_WORDS, weights=[1.0] * len(_WORDS)), held_out=frozenset())
    clips.speak_shards(writers, work / "clips", seed=1, shards=1, size=24)
    merges = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    checkpoint = work / "miniature.pt"
    Trainer(tiny(seconds / 60, 1), merges, checkpoint).run(work / "clips")
    model = Whisper(SHAPES["miniature"])
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    heads = align_heads.choose_heads(align_heads.measure_heads(model, merges, writers["sv"], sentences=2))
    export(checkpoint, "miniature", tokenizer, work / "miniature", heads)
    return evaluate(work / "miniature", work / "no-clips", writers, quiet_seconds=2, each=1)
