"""Train a tiny pipeline and write its folder: `python -m tools.diarization_model data/diarization_model`.

Needs espeak-ng and the extra `diarization`.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from batch_worker.pipeline.speakers.listening import leave_torchaudio_native_code_out

leave_torchaudio_native_code_out()
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

import torch  # noqa: E402 - after the two lines above

from tools.diarization_model import train  # noqa: E402
from tools.diarization_model.export import export  # noqa: E402
from tools.diarization_model.voices import (  # noqa: E402
    TRAINING_VARIANTS,
    cast,
    seconds,
    spoken,
)


def main() -> None:
    """Speak, train, write."""
    given = _arguments().parse_args()
    began = time.monotonic()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    chance = np.random.default_rng(given.seed)
    segmentation, embedding = train.segmentation_model(), train.embedding_model()
    if given.steps:
        speakers = tuple(spoken(cast(TRAINING_VARIANTS, chance, given.voices), chance, given.sentences))
        print(f"{len(speakers)} voices, {seconds(speakers) / 60:.1f} minutes of speech", flush=True)
        train.train_segmentation(segmentation, speakers, chance, train.Effort(steps=given.steps, batch=8))
        train.train_embedding(embedding, speakers, chance, train.Effort(steps=given.steps // 3, batch=24))
    export(segmentation.eval(), embedding.eval(), given.folder)
    print(f"written after {time.monotonic() - began:.0f} s")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.diarization_model", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pipeline goes")
    parser.add_argument("--steps", type=int, default=900, help="of training; 0 leaves the weights at random")
    parser.add_argument("--voices", type=int, default=90)
    parser.add_argument("--sentences", type=int, default=8, help="by each of them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
