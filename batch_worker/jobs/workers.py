"""Which workers are alive: each holds a lock on a file of its own, and the kernel lets go of it when it dies."""

import contextlib
import fcntl
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def registered(folder: Path) -> Iterator[str]:
    """Be a worker, by the id lent, until the block or the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    worker = secrets.token_hex(8)
    with (folder / worker).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield worker
        finally:
            (folder / worker).unlink(missing_ok=True)


def dead(folder: Path, workers: Sequence[str]) -> list[str]:
    """Return those of `workers` of this machine whose process is gone; a frozen one is not."""
    return [worker for worker in workers if not _alive(folder / worker)]


def sweep(folder: Path) -> None:
    """Remove the files of workers that are gone."""
    for path in folder.iterdir():
        if not _alive(path):
            path.unlink(missing_ok=True)


def _alive(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
