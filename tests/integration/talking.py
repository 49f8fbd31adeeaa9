"""Talking to an api_server as its clients do."""

import http.client
import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from shared.audio import SAMPLE_RATE, decode
from tests import clips, processes
from tests.processes import Service
from tests.unit.shared.synth import wav

PATIENCE = 120.0
"""Seconds until something counts as hanging; far more than anything here takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A server-sent event."""

    name: str
    data: dict[str, Any]


def post(
    url: str,
    file: bytes | None,
    *,
    path: str = "/transcribe",
    key: str | None = None,
    headers: dict[str, str] | None = None,
    name: str = "upload",
    **fields: object,
) -> httpx.Response:
    """Return the reply to a form with these fields; the file comes without a telling name or type."""
    sent = dict(headers or {}) | ({} if key is None else {"Authorization": f"Bearer {key}"})
    files = {} if file is None else {"file": (name, file, "application/octet-stream")}
    # A form without a file is multipart all the same.
    parts = {**files, **{field: (None, _form(value)) for field, value in fields.items()}} or {"nothing": (None, "")}
    return httpx.post(url + path, files=parts, headers=sent, timeout=PATIENCE)


def code_of(reply: httpx.Response) -> tuple[int, str]:
    """Return status and error code, having checked the shape and that it tells nothing of the server."""
    error = reply.json()["error"]
    assert error["message"].strip()
    assert not re.search(r"Traceback|File \"|/site-packages|/api_server/|/tmp/", reply.text)
    assert reply.headers["x-request-id"]
    return reply.status_code, error["code"]


def events(reply: httpx.Response) -> list[Event]:
    """Return the events of a stream that has ended."""
    blocks = [block for block in reply.text.split("\n\n") if block.strip() and not block.startswith(":")]
    return [_event(block) for block in blocks]


def long_speech(seconds: float) -> bytes:
    """Return a wav in which somebody speaks without pause."""
    said = [decode(clip.path, max_seconds=60).samples for clip in clips.load() if clip.text and clip.language == "sv"]
    samples = np.resize(np.concatenate(said), round(seconds * SAMPLE_RATE))
    return wav(np.round(samples * 30_000).astype(np.int16).tobytes())


def metric(url: str, name: str, **labels: str) -> float:
    """Return a figure of `/metrics`, the sum over all that carry these labels."""
    page = processes.get(url + "/metrics")[1].decode()
    found = 0.0
    for line in page.splitlines():
        head, _, value = line.rpartition(" ")
        if head.split("{")[0] == name and all(f'{label}="{text}"' in head for label, text in labels.items()):
            found += float(value)
    return found


def until(condition: Callable[[], bool]) -> None:
    """Return once something has come about in another process; fails where it never does."""
    tick = threading.Event()
    for _turn in range(round(PATIENCE * 20)):
        if condition():
            return
        tick.wait(0.05)
    raise AssertionError("it never came to that")


def kept_files(service: Service) -> list[str]:
    """Return what a service holds of uploads: files in its folder, and open ones that have no name any more."""
    named = [str(path) for path in (service.data_dir / "tmp").rglob("*")]
    return named + [target for target in _open_files(service.pid) if str(service.data_dir) in target]


def raw(url: str) -> socket.socket:
    """Return a connection on which anything can be said."""
    parts = urllib.parse.urlsplit(url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=PATIENCE)


def begin_upload(url: str, *, promised: int, sent: bytes) -> socket.socket:
    """Return a connection on which a form was begun: a file of `promised` bytes, of which `sent` has come."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    connection = raw(url)
    connection.sendall(
        b"POST /transcribe HTTP/1.1\r\nHost: svenska\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: %d\r\n\r\n" % (promised + len(head)) + head + sent
    )
    return connection


def in_chunks(url: str, parts: Iterator[bytes]) -> tuple[int, dict[str, Any]]:
    """Return status and body of an upload that does not say how long it is."""
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
    try:
        connection.request(
            "POST",
            "/transcribe",
            body=parts,
            headers={"Content-Type": "multipart/form-data; boundary=b", "Transfer-Encoding": "chunked"},
            encode_chunked=True,
        )
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def _form(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _event(block: str) -> Event:
    lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    return Event(name=lines["event"], data=json.loads(lines["data"]))


def _open_files(pid: int) -> Iterator[str]:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(entry.readlink())
        except OSError:
            continue  # closed meanwhile
