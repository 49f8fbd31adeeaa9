"""Recordings in a folder: whole or not there."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batch_worker.jobs.blobs import FolderBlobs
from shared.errors import StorageFull


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    """Yield an upload."""
    for chunk in chunks:
        yield chunk


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Have the kernel refuse to let files grow, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_what_is_put_can_be_read(tmp_path: Path) -> None:
    """All chunks, in order."""
    blobs = FolderBlobs(tmp_path)
    path = blobs.path(await blobs.put(stream(b"ab", b"", b"cd")))
    assert path is not None
    assert path.read_bytes() == b"abcd"


async def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """No half recording, under any name."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await FolderBlobs(tmp_path).put(broken())
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """Statement 14."""
    with no_file_larger_than(10_000), pytest.raises(StorageFull):
        await FolderBlobs(tmp_path).put(stream(b"x" * 8_000, b"x" * 8_000))
    assert list(tmp_path.iterdir()) == []


async def test_a_recording_can_be_deleted_twice(tmp_path: Path) -> None:
    """Two who clean up do not quarrel."""
    blobs = FolderBlobs(tmp_path)
    key = await blobs.put(stream(b"abc"))
    await blobs.delete(key)
    await blobs.delete(key)
    assert blobs.path(key) is None


async def test_old_files_are_found_by_age(tmp_path: Path) -> None:
    """Unfinished uploads of a process that died included."""
    blobs = FolderBlobs(tmp_path)
    key = await blobs.put(stream(b"abc"))
    (tmp_path / "dead.part").write_bytes(b"a")
    written = max(path.stat().st_mtime for path in tmp_path.iterdir())
    assert sorted(await blobs.older(written + 1)) == sorted([key, "dead.part"])
    assert await blobs.older(written - 100) == []
