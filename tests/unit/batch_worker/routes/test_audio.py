"""Redacted audio leaves no file behind and computes for nobody who is not there."""

import asyncio
import wave
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.types import Message

from batch_worker.routes.audio import Once, _beeped, write_beeped
from shared.errors import Cancelled, Expired
from tests import clips


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def request(*, gone: bool) -> SimpleNamespace:
    """Return a request whose client is there or not."""

    async def receive() -> Message:
        if not gone:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return SimpleNamespace(receive=receive)


def services() -> SimpleNamespace:
    """Return what the conversion needs of the services."""
    return SimpleNamespace(converting=asyncio.Semaphore(1))


async def settled(folder: Path) -> list[Path]:
    """Return what is left once all threads have ended."""
    await asyncio.get_running_loop().shutdown_default_executor()
    for _ in range(5):
        await asyncio.sleep(0)
    return list(folder.iterdir())


async def test_a_client_that_leaves_ends_the_conversion(temporary: Path) -> None:
    """And leaves no file."""
    with pytest.raises(Cancelled):
        await _beeped(request(gone=True), services(), clips.clip("mote").path, [])  # type: ignore[arg-type]
    assert await settled(temporary) == []


async def test_a_conversion_that_is_stopped_leaves_no_file(temporary: Path) -> None:
    """The service ends, say."""
    work = asyncio.create_task(_beeped(request(gone=False), services(), clips.clip("mote").path, []))  # type: ignore[arg-type]
    while not list(temporary.iterdir()):  # noqa: ASYNC110 - a thread makes it
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await settled(temporary) == []


async def test_conversions_take_turns(temporary: Path) -> None:
    """Each is hours of decoding in a thread that others need too."""
    shared = services()
    await shared.converting.acquire()
    work = asyncio.create_task(_beeped(request(gone=False), shared, clips.clip("mote").path, []))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert not work.done()
    shared.converting.release()
    with wave.open(str(await work)) as file:
        assert file.getnframes() > 16_000
    assert len(list(temporary.iterdir())) == 1


def test_a_recording_that_was_removed_meanwhile_is_said_to_be_gone(temporary: Path) -> None:
    """Not that there is no room."""
    with pytest.raises(Expired):
        write_beeped(temporary / "a.wav", temporary / "gone", [], lambda: False)


@pytest.mark.parametrize("asked", [None, b"bytes=0-9", b"bytes=9-1", b"nonsense", b"bytes=99999999-"])
@pytest.mark.parametrize("breaks", [False, True])
async def test_a_file_that_is_sent_once_is_gone_afterwards(
    temporary: Path, asked: bytes | None, *, breaks: bool
) -> None:
    """Whatever part was asked for, and when the connection breaks in the middle."""
    path = temporary / "a.wav"
    path.write_bytes(b"x" * 100_000)
    got: list[Message] = []

    async def send(message: Message) -> None:
        if breaks and message["type"] == "http.response.body":
            raise OSError
        got.append(message)

    headers = [] if asked is None else [(b"range", asked)]
    scope = {"type": "http", "method": "GET", "headers": headers, "asgi": {"spec_version": "2.4"}}
    response = Once(path)
    if breaks:
        with pytest.raises(OSError):  # noqa: PT011 - as raised above
            await response(scope, request(gone=False).receive, send)
    else:
        await response(scope, request(gone=False).receive, send)
        assert (got[0]["status"], sum(len(message.get("body", b"")) for message in got)) == (200, 100_000)
    assert list(temporary.iterdir()) == []
