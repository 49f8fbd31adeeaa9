"""A folder that `Pipeline.from_pretrained` loads: configuration, two checkpoints, and a PLDA that does nothing."""

import importlib.metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import yaml

_CLUSTER: Final = 4
"""Windows that make a voice; fewer join the nearest one."""
_THRESHOLD: Final = 0.45
"""Cosine distance above which two voices are two, where their number is not given; the best of three on `dialogs`."""


def export(segmentation: Any, embedding: Any, folder: Path) -> None:  # noqa: ANN401 - no types
    """Write a pipeline."""
    for name, model in {"segmentation": segmentation, "embedding": embedding}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        torch.save(_checkpoint(model), folder / name / "pytorch_model.bin")
    _write_plda(folder / "plda", embedding.dimension)
    config = {
        "dependencies": {"pyannote.audio": "4.0.0"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {
                "segmentation": "$model/segmentation",
                "embedding": "$model/embedding",
                "plda": "$model/plda",
                "clustering": "AgglomerativeClustering",
                "embedding_exclude_overlap": True,
                "segmentation_step": 0.2,
                "segmentation_batch_size": 8,
                "embedding_batch_size": 8,
            },
        },
        "params": {
            "clustering": {"method": "average", "min_cluster_size": _CLUSTER, "threshold": _THRESHOLD},
            "segmentation": {"min_duration_off": 0.2},
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def _checkpoint(model: Any) -> dict[str, Any]:  # noqa: ANN401
    checkpoint: dict[str, Any] = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": importlib.metadata.version("lightning"),
    }
    model.on_save_checkpoint(checkpoint)
    return checkpoint


def _write_plda(folder: Path, dimension: int) -> None:
    """Write the identity: pyannote loads one even where its clustering does not ask for it."""
    folder.mkdir(parents=True, exist_ok=True)
    nothing, same = np.zeros(dimension), np.eye(dimension)
    np.savez(folder / "xvec_transform.npz", mean1=nothing, mean2=nothing, lda=same)
    np.savez(folder / "plda.npz", mu=nothing, tr=same, psi=np.ones(dimension))
