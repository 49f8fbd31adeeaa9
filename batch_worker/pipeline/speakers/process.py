"""The child that listens, seen from the worker: started, listened to, and never left behind."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from batch_worker.pipeline.speakers.faults import Killed, OutOfMemory, PackageMissing, Undiarized, fault
from batch_worker.pipeline.speakers.messages import (
    Done,
    Fault,
    Progress,
    Reply,
    Request,
    Spoke,
    reply_from,
    request_line,
)
from batch_worker.pipeline.speakers.turns import Turn
from shared.errors import Timeout

log = structlog.stdlib.get_logger("diarization")

_ROOT = Path(__file__).parents[3]
_MODULE = "batch_worker.pipeline.speakers.child"
_KEPT = frozenset({
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME", "HTTP_PROXY",
    "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
})  # fmt: skip
_SET = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_ARENA_MAX": "2",
}
"""Without the threshold, glibc grows the heap by each batch of a long recording: small results, which stay, lie between
large blocks, which do not, so that none of these can be used again (2 GB an hour were seen)."""
_TAIL = 2_000
"""Bytes of the child's last words that the log gets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerOptions:
    """How the child is run."""

    model: str
    """Folder or hub id of a pyannote pipeline."""
    token: str | None = field(default=None, repr=False)
    """Token of the model hub."""
    threads: int = 1
    """Threads to compute with, 1 or more."""
    memory_mb: int = 0
    """Megabytes (10^6 bytes) of memory of its own; 0 for no bound."""
    stall_seconds: float = 900.0
    """Seconds without a sign of life after which it hangs."""
    python: str = ""
    """The interpreter; empty for this process's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Voices:
    """What was heard."""

    turns: tuple[Turn, ...]
    """As the model told them."""
    duration: float
    """Seconds of the recording."""


class Listener:
    """Has recordings listened to, each by a child of its own, so that memory and faults go with it."""

    def __init__(self, options: ListenerOptions, command: Sequence[str] | None = None) -> None:
        """`command` starts something else that speaks the same lines; the tests' fakes do."""
        self._options = options
        self._command = command or (options.python or sys.executable, "-P", "-m", _MODULE)

    async def listen(
        self,
        recording: Path,
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        progress: Callable[[float], None],
    ) -> Voices:
        """Return who spoke when. Cancelling this kills the child.

        Raises an `Undiarized` that says what would help, or `Timeout`.
        """
        request = self._request(recording, at_least, at_most)
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(os.environ)
            )
        except OSError as error:
            log.warning("the listening process does not start", reason=str(error))
            raise PackageMissing from None
        words = asyncio.create_task(_last_words(child), name="diarization-stderr")
        try:
            return await self._conversation(child, request, progress)
        except (Undiarized, Timeout) as error:
            _kill(child)
            log.warning("speakers not told apart", code=error.code, said=await words)
            raise
        finally:
            _kill(child)
            await child.wait()
            await words

    def _request(self, recording: Path, at_least: int | None, at_most: int | None) -> Request:
        return Request(
            recording=str(recording.absolute()),
            model=self._options.model,
            token=self._options.token,
            min_speakers=at_least,
            max_speakers=at_most,
            threads=self._options.threads,
            memory_mb=self._options.memory_mb,
            scratch=str(Path(tempfile.gettempdir()).absolute()),
            parent=os.getpid(),
        )

    async def _conversation(self, child: Process, request: Request, progress: Callable[[float], None]) -> Voices:
        assert child.stdin is not None  # noqa: S101 - as it was started
        assert child.stdout is not None  # noqa: S101
        with contextlib.suppress(ConnectionError):  # its end is told below
            child.stdin.write(request_line(request).encode())
            await child.stdin.drain()
        found: list[Turn] = []
        while line := await self._line(child.stdout):
            match _understood(line):
                case Progress(fraction=fraction):
                    progress(fraction)
                case Spoke(turn=turn):
                    found.append(turn)
                case Done(duration=duration):
                    return Voices(turns=tuple(found), duration=duration)
                case Fault(code=code, reason=reason):
                    log.warning("the listening process failed", code=code, reason=reason)
                    raise fault(code)
        raise await self._obituary(child)

    async def _line(self, stream: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._options.stall_seconds):
                return await stream.readline()
        except ValueError:  # a line without an end
            raise Undiarized from None
        except TimeoutError:
            raise Timeout(
                f"Speakers were not told apart: no progress for {self._options.stall_seconds:.0f} seconds; "
                "raise DIARIZATION_TIMEOUT where the machine is merely slow."
            ) from None

    async def _obituary(self, child: Process) -> Undiarized:
        code = await child.wait()
        log.warning("the listening process ended", returncode=code)
        if code == -signal.SIGABRT and self._options.memory_mb:  # C++ found no memory
            return OutOfMemory()
        return Killed() if code < 0 else Undiarized()


def _understood(line: bytes) -> Reply:
    try:
        return reply_from(line)
    except ValueError:
        raise Undiarized from None


def environment(whole: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment the child gets: no secrets, as a model's files may run code."""
    kept = {
        name: value
        for name, value in whole.items()
        if name.upper() in _KEPT or (name.startswith("HF_") and "TOKEN" not in name)
    }
    return {**kept, **_SET, "PYTHONPATH": str(_ROOT)}


def _kill(child: Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()


async def _last_words(child: Process) -> str:
    assert child.stderr is not None  # noqa: S101 - as it was started
    tail = b""
    while piece := await child.stderr.read(4096):
        tail = (tail + piece)[-_TAIL:]
    return tail.decode(errors="replace")
