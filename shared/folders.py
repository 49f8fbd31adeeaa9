"""The folder of a service's data, and where uploads wait."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared.errors import StartupError


def data_folder(data_dir: Path, *parts: str) -> Path:
    """Return `DATA_DIR` with these folders in it, made where they are missing; raises `StartupError`."""
    root = data_dir.expanduser()
    try:
        for part in parts:
            folder = root / part
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise StartupError(
            f"DATA_DIR: expected a folder that can be written to; got {data_dir} ({error.strerror})"
        ) from None
    return root


@contextlib.contextmanager
def spooling_to(folder: Path) -> Iterator[None]:
    """Let uploads wait in `folder`: the system's own one is often memory."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
