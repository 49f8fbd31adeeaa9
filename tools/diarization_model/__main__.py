"""Train a tiny pipeline and write its folder: `python -m tools.diarization_model data/diarization_model`.

Needs espeak-ng and the extra `diarization`. The voices of its figures are none that it was trained on.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from batch_worker.pipeline.speakers.listening import leave_torchaudio_native_code_out

leave_torchaudio_native_code_out()
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

import torch  # noqa: E402 - after the two lines above
from torch.nn import functional  # noqa: E402

from shared.audio import SAMPLE_RATE  # noqa: E402
from tools.diarization_model import train  # noqa: E402
from tools.diarization_model.export import export  # noqa: E402
from tools.diarization_model.voices import (  # noqa: E402
    HELD_OUT_VARIANTS,
    TRAINING_VARIANTS,
    Speaker,
    cast,
    seconds,
    spoken,
)


def main() -> None:
    """Speak, train, choose the threshold on held-out voices, write."""
    given = _arguments().parse_args()
    began = time.monotonic()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    chance = np.random.default_rng(given.seed)
    segmentation, embedding = train.segmentation_model(), train.embedding_model()
    threshold = 0.5
    if given.steps:
        speakers = tuple(spoken(cast(TRAINING_VARIANTS, chance, given.voices), chance, given.sentences))
        others = tuple(spoken(cast(HELD_OUT_VARIANTS, chance, len(HELD_OUT_VARIANTS)), chance, 6))
        print(f"{len(speakers)} voices, {seconds(speakers) / 60:.1f} minutes of speech", flush=True)
        train.train_segmentation(segmentation, speakers, chance, train.Effort(steps=given.steps, batch=8))
        train.train_embedding(embedding, speakers, chance, train.Effort(steps=given.steps // 3, batch=24))
        threshold = _threshold(embedding, others, chance)
    export(segmentation.eval(), embedding.eval(), threshold, given.folder)
    print(f"written after {time.monotonic() - began:.0f} s; threshold {threshold:.3f}")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.diarization_model", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pipeline goes")
    parser.add_argument("--steps", type=int, default=900, help="of training; 0 leaves the weights at random")
    parser.add_argument("--voices", type=int, default=90)
    parser.add_argument("--sentences", type=int, default=8, help="by each of them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def _threshold(embedding: Any, speakers: tuple[Speaker, ...], chance: Generator) -> float:  # noqa: ANN401 - no types
    """Return the cosine distance that tells two stretches of one voice from those of two equally well."""
    size = 2 * SAMPLE_RATE
    heard = [(name, train.stretch(one, chance, size)) for name, one in enumerate(speakers) for _ in range(8)]
    with torch.inference_mode():
        found = functional.normalize(
            embedding.eval()(torch.from_numpy(np.stack([sound for _, sound in heard]))[:, None])
        )
    distances = (1 - found @ found.T).numpy()
    names = np.array([name for name, _ in heard])
    same = names[:, None] == names[None, :]
    pairs = np.triu(np.ones_like(same), 1)
    inside, across = distances[pairs & same], distances[pairs & ~same]
    steps = np.linspace(0, 2, 401)
    errors = [abs(float((inside > step).mean()) - float((across <= step).mean())) for step in steps]
    best = float(steps[int(np.argmin(errors))])
    print(
        f"held-out voices: wrong about {(inside > best).mean():.1%} of the pairs of one voice "
        f"and {(across <= best).mean():.1%} of those of two"
    )
    return best


if __name__ == "__main__":
    main()
