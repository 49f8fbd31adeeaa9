"""What `doctor` says of FEATURE_DIARIZATION: a Python with its packages, a model, room."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from svenska.checks import Finding

_SECONDS = 30
_LEAST_MB = 1000
"""About what a recording takes while it is listened to."""
_QUESTION = """
from importlib.metadata import PackageNotFoundError, version
for name in ("pyannote.audio", "torch"):
    try:
        version(name)
    except PackageNotFoundError:
        print(name)
"""


def missing_packages(python: str) -> list[str] | None:
    """Return which packages of diarization a Python lacks (empty: this one); None where it cannot be run."""
    try:
        ended = subprocess.run(  # noqa: S603 - a setting of the person who asks
            [python or sys.executable, "-c", _QUESTION], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.split()


def cached(model: str) -> bool:
    """Tell whether a model of the hub is on this disk, without asking the network."""
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - takes a while, and may not be installed
    except ImportError:
        return False
    try:
        return isinstance(try_to_load_from_cache(model, "config.yaml"), str)
    except ValueError:  # not a name of a model
        return False


def python(name: str, missing: Callable[[str], list[str] | None] = missing_packages) -> Finding:
    """Check DIARIZATION_PYTHON, or the Python of this command where it is empty."""
    lacks = missing(name)
    if lacks is None:
        return Finding(
            check="DIARIZATION_PYTHON",
            state="fault",
            found="{python} cannot be run.",
            fix="Name the Python of an environment that has pyannote.audio, or set FEATURE_DIARIZATION=false.",
            values={"python": name or sys.executable},
        )
    if lacks:
        return Finding(
            check="DIARIZATION_PYTHON",
            state="fault",
            found="Not installed: {missing}.",
            fix="pip install 'whisper-svenska[diarization]'",
            values={"missing": ", ".join(lacks)},
        )
    return Finding(check="DIARIZATION_PYTHON", state="ok", found="All are installed.")


def model(name: str, *, token: bool, is_cached: Callable[[str], bool] = cached) -> Finding:
    """Check DIARIZATION_MODEL; `token` tells whether HF_TOKEN is set."""
    path, values = Path(name).expanduser(), {"name": name}
    if path.is_file() or (path / "config.yaml").is_file() or is_cached(name):
        return Finding(check="DIARIZATION_MODEL", state="ok", found="{name}, on this disk.", values=values)
    if path.exists() or name.startswith(("/", ".", "~")):
        return Finding(
            check="DIARIZATION_MODEL",
            state="fault",
            found="{name} lacks config.yaml, or is not there.",
            fix="Name the folder of a pyannote pipeline, or a hub id.",
            values=values,
        )
    if name.startswith("pyannote/") and not token:
        return Finding(
            check="DIARIZATION_MODEL",
            state="fault",
            found="{name} is not on this disk, and the hub gives it only to those who accepted its conditions.",
            fix="Accept them on the hub and set HF_TOKEN, or let DIARIZATION_MODEL name a folder.",
            values=values,
        )
    return Finding(
        check="DIARIZATION_MODEL",
        state="warning",
        found="{name} is not on this disk yet: the first job fetches it, and needs the network for that.",
        fix="Run one job with diarization while connected, or name a folder.",
        values=values,
    )


def room(threads: int, megabytes: int, cores: int | None = None) -> Iterator[Finding]:
    """Yield what is wrong with DIARIZATION_THREADS and DIARIZATION_MEMORY_MB (0: no bound), if anything is."""
    cores = cores or os.cpu_count() or 1
    if threads > cores:
        yield Finding(
            check="DIARIZATION_THREADS",
            state="warning",
            found="{threads}, and this machine has {cores} cores.",
            fix="Set it to the cores that nobody else uses; 1 leaves the others to speech.",
            values={"threads": threads, "cores": cores},
        )
    if 0 < megabytes < _LEAST_MB:
        yield Finding(
            check="DIARIZATION_MEMORY_MB",
            state="warning",
            found="{megabytes} MB, and a recording takes about {least}.",
            fix="Raise it, or set it to 0 for no bound.",
            values={"megabytes": megabytes, "least": _LEAST_MB},
        )
