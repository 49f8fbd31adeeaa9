"""What every blob store promises; each implementation runs the same suite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from batch_worker.jobs.base import BlobStore
from batch_worker.jobs.blobs import FolderBlobs
from batch_worker.jobs.memory import MemoryBlobs


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty blob store of each kind."""
    return FolderBlobs(tmp_path / "audio") if request.param == "folder" else MemoryBlobs()


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    """Yield an upload."""
    for chunk in chunks:
        yield chunk


async def test_what_is_put_can_be_read(blobs: BlobStore) -> None:
    """All chunks, in order."""
    path = blobs.path(await blobs.put(stream(b"ab", b"", b"cd")))
    assert path is not None
    assert path.read_bytes() == b"abcd"


async def test_an_upload_that_breaks_off_leaves_nothing(blobs: BlobStore) -> None:
    """No half recording, under any name."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await blobs.put(broken())
    assert await blobs.older(2**40) == []


async def test_a_recording_can_be_deleted_twice(blobs: BlobStore) -> None:
    """Two who clean up do not quarrel."""
    key = await blobs.put(stream(b"abc"))
    await blobs.delete(key)
    await blobs.delete(key)
    assert blobs.path(key) is None


async def test_old_recordings_are_found_by_age(blobs: BlobStore) -> None:
    """What was written before a time, and only that."""
    key = await blobs.put(stream(b"abc"))
    assert await blobs.older(2**40) == [key]
    assert await blobs.older(0) == []
