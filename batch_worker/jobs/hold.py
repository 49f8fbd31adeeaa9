"""Leases kept alive from a thread of its own: no stage, however long it computes, can make a live worker look dead.

It fences as well: a lease that is somebody else's, or that could not be renewed in time, is told to whoever works
under it, who then stops.
"""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from batch_worker.jobs.model import Lease

log = structlog.stdlib.get_logger("lease")

_RENEWALS = 6
"""Renewals within the life of a lease."""
_OFTEN_SECONDS = 2.0
"""A lease that was taken back, by a cancellation say, is noticed within that time."""


@dataclass(slots=True)
class _Held:
    lease: Lease
    lost: Callable[[], None]
    good_until: float


class LeaseHold:
    """Renews the leases of one worker; implements `jobs.base.Hold`."""

    def __init__(self, path: Path, *, lease_seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        """Renew in the store at `path`; `lost` is called on `loop`."""
        self._path = path
        self._lease_seconds = lease_seconds
        self._loop = loop
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Renew nothing more."""
        self._stop.set()
        self._thread.join()

    def add(self, lease: Lease, lost: Callable[[], None]) -> None:
        """Renew `lease` from now on; `lost` is called on the event loop when it is somebody else's or nobody's."""
        with self._lock:
            self._held[lease.token] = _Held(lease, lost, time.monotonic() + self._lease_seconds)

    def remove(self, lease: Lease) -> None:
        """Renew it no more."""
        with self._lock:
            self._held.pop(lease.token, None)

    def _run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=self._lease_seconds / 2)) as database:
            database.execute("PRAGMA synchronous = NORMAL")  # a renewal that a power cut takes back is of no use anyway
            while not self._stop.wait(min(_OFTEN_SECONDS, self._lease_seconds / _RENEWALS)):
                with self._lock:
                    held = list(self._held.values())
                for one in held:
                    self._renew(database, one)

    def _renew(self, database: sqlite3.Connection, held: _Held) -> None:
        asked = time.monotonic()
        try:
            with database:
                cursor = database.execute(
                    "UPDATE jobs SET lease_until = ? WHERE id = ? AND lease = ? AND status = 'running'",
                    (time.time() + self._lease_seconds, held.lease.job_id, held.lease.token),
                )
        except sqlite3.Error as error:
            log.warning("lease not renewed", job_id=held.lease.job_id, reason=str(error))
            if time.monotonic() < held.good_until:
                return
        else:
            if cursor.rowcount:
                held.good_until = asked + self._lease_seconds
                return
        self.remove(held.lease)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody works any more
            self._loop.call_soon_threadsafe(held.lost)
