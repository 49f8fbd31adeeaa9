"""An api_server that speaks the wire and does as the test says: windows held up, connections cut, 503, silence."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from shared.transcript import Segment, Transcript, join_text, to_json

WINDOW = 1.0
"""Seconds of audio in each of its windows."""
_FOREVER = 60.0


class FakeAsr:
    """`POST /transcribe` with `stream=true`, and a `/hook` for webhooks."""

    def __init__(self) -> None:
        """Listen on a free port; nothing is held up and nothing fails."""
        self.sent = 0
        self.gone = 0
        self.starts: list[float] = []
        self.hooks: list[tuple[dict[str, str], bytes]] = []
        self._count = 1
        self._hold_at: int | None = None
        self._go = threading.Event()
        self._faults: deque[str] = deque()
        self._hook_status = 204
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.asr = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everyone and stop."""
        self.release()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def windows(self, count: int, *, hold_at: int | None = None) -> None:
        """Hear so many windows in every recording; the one numbered `hold_at` waits for `release`."""
        self._count, self._hold_at = count, hold_at
        self._go.clear()

    def release(self) -> None:
        """Hold nothing up any more."""
        self._go.set()

    def faults(self, *faults: str) -> None:
        """Fail the next requests: `busy`, `cut` (after two windows), `garbage`, `refuse`, `hang`."""
        self._faults = deque(faults)

    def webhooks(self, status: int) -> None:
        """Answer webhooks so."""
        self._hook_status = status


def _segment(number: int) -> Segment:
    return Segment(
        id=number, start=number * WINDOW, end=(number + 1) * WINDOW, text=f"Fönster {number}.", language="sv",
        avg_logprob=-0.1, no_speech_prob=0.0, compression_ratio=1.0, temperature=0.0, confidence=0.9,
    )  # fmt: skip


class _Server(ThreadingHTTPServer):
    """Knows whom it serves."""

    daemon_threads = True
    asr: FakeAsr


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    @property
    def asr(self) -> FakeAsr:
        """Whose connection it is."""
        assert isinstance(self.server, _Server)
        return self.server.asr

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/hook":
            self.asr.hooks.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self._reply(self.asr._hook_status, b"")
            return
        start = float(_field(body, b"start") or 0)
        self.asr.starts.append(start)
        fault = self.asr._faults.popleft() if self.asr._faults else ""
        if fault == "busy":
            error = {"error": {"code": "busy", "message": "Busy."}}
            self._reply(503, json.dumps(error).encode(), {"Retry-After": "1"})
        elif fault == "refuse":
            self.close_connection = True
        elif fault == "hang":
            time.sleep(_FOREVER)
        else:
            self._stream(start, fault)

    def _stream(self, start: float, fault: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        segments = [segment for number in range(self.asr._count) if (segment := _segment(number)).end > start]
        try:
            for place, segment in enumerate(segments):
                if fault == "garbage" and place == 1:
                    self._event("segment", {"nonsense": True})
                    return
                if fault == "cut" and place == 2:
                    return
                if segment.id == self.asr._hold_at:
                    self._wait()
                self._event("segment", {**to_json(segment), "progress": segment.end / self.asr._count})
                self.asr.sent += 1
            self._event("done", to_json(_whole(tuple(segments))))
        except OSError:
            self.asr.gone += 1

    def _wait(self) -> None:
        while not self.asr._go.wait(0.05):
            self.wfile.write(b": ping\n\n")
            self.wfile.flush()

    def _event(self, name: str, data: object) -> None:
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _field(body: bytes, name: bytes) -> str | None:
    """Return a plain field of a multipart form."""
    _before, found, rest = body.partition(b'name="' + name + b'"\r\n\r\n')
    return rest.split(b"\r\n", 1)[0].decode() if found else None


def _whole(segments: tuple[Segment, ...]) -> Transcript:
    return Transcript(
        text=join_text(segments), language="sv", language_probability=1.0, duration=segments[-1].end,
        duration_after_vad=segments[-1].end, model="fake", processing_seconds=0.1, queue_seconds=0.0,
        segments=segments,
    )  # fmt: skip
