"""Where a pyannote model lies, and whether it can be had at all; imports nothing of it."""

from collections.abc import Mapping
from pathlib import Path

_CONFIG = "config.yaml"
_GATED = "pyannote/"
_YES = frozenset({"1", "TRUE", "YES", "ON"})


def is_path(model: str) -> bool:
    """Tell whether a model is meant as a path; anything else is a hub id."""
    return model.startswith(("/", "./", "../", "~")) or Path(model).exists()


def on_disk(model: str) -> Path | None:
    """Return the folder, or the configuration file, of a model that is meant as a path; None where it is not there."""
    path = Path(model).expanduser()
    return path if path.is_file() or (path / _CONFIG).is_file() else None


def offline(environment: Mapping[str, str]) -> bool:
    """Tell whether the operator wants the hub left alone (huggingface_hub's own variable)."""
    return environment.get("HF_HUB_OFFLINE", "").strip().upper() in _YES


def complaint(model: str, token: str | None, environment: Mapping[str, str]) -> str | None:
    """Return why a model cannot be had, as far as that shows without asking anybody; None where it may."""
    if is_path(model):
        return None if on_disk(model) else f"DIARIZATION_MODEL: expected a folder with a {_CONFIG}, or a hub id"
    if _cached(model, environment):
        return None
    if offline(environment):
        return "DIARIZATION_MODEL: it is not on this disk, and HF_HUB_OFFLINE forbids to fetch it"
    if model.startswith(_GATED) and not token:
        return (
            "HF_TOKEN: expected a token, as this model is handed out only to those who accepted its conditions on the "
            "hub; or let DIARIZATION_MODEL name a folder"
        )
    return None


def _cached(model: str, environment: Mapping[str, str]) -> bool:
    home = environment.get("HF_HOME") or f"{environment.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    cache = Path(environment.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()
    return any((cache / f"models--{model.replace('/', '--')}").glob(f"snapshots/*/{_CONFIG}"))
