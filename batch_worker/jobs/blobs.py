"""Recordings in a folder; implements `jobs.base.BlobStore`.

A blob is written beside its place, made durable, and only then given its name, so that a name always stands for a
whole recording.
"""

import asyncio
import contextlib
import errno
import os
import secrets
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import BinaryIO

from batch_worker.jobs.model import BlobKey
from shared.errors import StorageFull

_UNFINISHED = ".part"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FolderBlobs:
    """Files in one folder, named by their keys."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def put(self, stream: AsyncIterable[bytes]) -> BlobKey:
        """Store what the stream yields; returns once it is durable. Leaves nothing behind when the stream fails."""
        key = BlobKey(secrets.token_hex(16))
        part = self._folder / f"{key}{_UNFINISHED}"
        try:
            with part.open("xb", buffering=0) as file:
                async for chunk in stream:
                    await asyncio.to_thread(_write, file, chunk)
                await asyncio.to_thread(os.fsync, file.fileno())
            part.rename(self._folder / key)
            await asyncio.to_thread(_sync_folder, self._folder)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise StorageFull("The server has no room for this upload.") from error
            raise
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
        return key

    def path(self, key: BlobKey) -> Path | None:
        """Return a file to read the blob from, or None where it is gone."""
        path = self._folder / key
        return path if path.is_file() else None

    async def delete(self, key: BlobKey) -> None:
        """Remove it; not an error where it is gone."""
        await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def older(self, than: float) -> Sequence[BlobKey]:
        """Return the keys of blobs and unfinished uploads last written before this time."""
        return await asyncio.to_thread(self._older, than)

    def _older(self, than: float) -> list[BlobKey]:
        found = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file() and entry.stat().st_mtime < than:
                    found.append(BlobKey(entry.name))
        return found


def _write(file: BinaryIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        written = file.write(view)
        view = view[written:]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
