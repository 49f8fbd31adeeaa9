"""What `doctor` says of WHISPER_MODEL: is it here, is it whole, does it fit."""

import os
from collections.abc import Callable
from pathlib import Path

from svenska.checks import GIGABYTE, Finding

_FILES = ("model.bin", "tokenizer.json")
_BUNDLED = ("bundled", "bundled-pico")


def model(name: str, find: Callable[[str], Path | None]) -> Finding:
    """Check that WHISPER_MODEL names something that can be loaded; `find` finds a hub model on this disk."""
    if name in _BUNDLED:
        return Finding(
            check="WHISPER_MODEL",
            state="warning",
            found="The bundled model, which is for demonstration: it knows synthetic voices only.",
            fix="WHISPER_MODEL=KBLab/kb-whisper-small (or -large, or a folder with any CTranslate2 Whisper)",
        )
    path = Path(name).expanduser()
    if path.is_dir():
        return _model_folder(name, path)
    if path.is_absolute() or name.startswith((".", "~")):
        return Finding(
            check="WHISPER_MODEL",
            state="fault",
            found="There is no folder {name}.",
            fix="Name a folder that is there, a size (small) or a hub id (KBLab/kb-whisper-small).",
            values={"name": name},
        )
    if (folder := find(name)) is not None:
        return _model_folder(name, folder)
    return Finding(
        check="WHISPER_MODEL",
        state="warning",
        found="{name} is not on this disk yet: the first start fetches it, and needs the network for that.",
        fix="Start the api_server once while connected, or name a folder.",
        values={"name": name},
    )


def _model_folder(name: str, folder: Path) -> Finding:
    missing = [file for file in _FILES if not (folder / file).is_file()]
    if missing:
        return Finding(
            check="WHISPER_MODEL",
            state="fault",
            found="{name} lacks {missing}.",
            fix="Convert it with ct2-transformers-converter and --copy_files tokenizer.json preprocessor_config.json.",
            values={"name": name, "missing": ", ".join(missing)},
        )
    gigabytes = (folder / "model.bin").stat().st_size / GIGABYTE
    return Finding(
        check="WHISPER_MODEL",
        state="ok",
        found="{name}, {gigabytes:.2f} GB, on this disk.",
        values={"name": name, "gigabytes": gigabytes},
    )


def cached(name: str) -> Path | None:
    """Return the folder of a hub model or size on this disk, without asking the network."""
    try:
        from faster_whisper.utils import download_model  # noqa: PLC0415
    except ImportError:
        return None
    try:
        folder = Path(download_model(name, local_files_only=True))
    except (ValueError, OSError):  # not a name of a model; not here
        return None
    return folder if folder.is_dir() else None


def size(name: str) -> int | None:
    """Return the bytes of a model's weights; None where they are not on this disk, or come along."""
    path = Path(name).expanduser()
    folder = path if path.is_dir() else None if name in _BUNDLED else cached(name)
    weights = folder / "model.bin" if folder else None
    return weights.stat().st_size if weights and weights.is_file() else None


def memory(model_bytes: int, available: int) -> Finding:
    """Judge whether the resident model, in memory once for speech and once for jobs, fits."""
    needed = 2 * model_bytes + GIGABYTE // 2
    values = {"needed": needed / GIGABYTE, "available": available / GIGABYTE}
    if needed <= available:
        return Finding(
            check="memory",
            state="ok",
            found="{available:.1f} GB, of which up to {needed:.1f} are needed.",
            values=values,
        )
    return Finding(
        check="memory",
        state="warning",
        found="{available:.1f} GB, and up to {needed:.1f} are needed.",
        fix="Set BATCH_LANE=shared, which keeps the model in memory once, or choose a smaller model.",
        values=values,
    )


def memory_of_machine() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
