"""Models in memory beside the resident one: loaded when asked for, least recently used out first.

The resident model never comes through here: nothing on a realtime decode's path waits for a load.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api_server.engine.base import ModelInfo, Transcriber
from shared.errors import Conflict, ModelLoading, ModelNotFound


@dataclass(slots=True)
class _Entry:
    transcriber: Transcriber
    users: int
    last_used: float


class ModelCache:
    """Holds up to `size` models; used from one event loop."""

    def __init__(
        self,
        load: Callable[[str], Transcriber],
        *,
        size: int,
        idle_seconds: float,
        load_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load with `load` (blocking, run in a thread); unload what was not used for `idle_seconds`."""
        self._load = load
        self._size = size
        self._idle_seconds = idle_seconds
        self._load_seconds = load_seconds
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._loads: dict[str, asyncio.Task[None]] = {}
        self._awaited: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The models in memory, least recently used first."""
        return tuple(sorted(self._entries, key=lambda name: self._entries[name].last_used))

    def info(self, name: str) -> ModelInfo:
        """Return what a model in memory is."""
        return self._entries[name].transcriber.info

    @asynccontextmanager
    async def use(self, name: str) -> AsyncIterator[Transcriber]:
        """Lend a model, loading it first if need be; it is not unloaded while it is lent.

        Raises `ModelNotFound` with the loader's sentence, or `ModelLoading` when a load takes too long.
        """
        self._awaited[name] += 1
        try:
            while (entry := self._entries.get(name)) is None:
                await self._wait_for(name)
            entry.users += 1
        finally:
            self._awaited -= Counter((name,))  # forgets names at 0
        try:
            yield entry.transcriber
        finally:
            entry.users -= 1
            entry.last_used = self._clock()

    async def load(self, name: str) -> Transcriber:
        """Bring a model into memory and leave it there."""
        async with self.use(name) as transcriber:
            return transcriber

    def unload(self, name: str) -> None:
        """Give a model's memory back; raises `ModelNotFound`, or `Conflict` while it is in use."""
        entry = self._entries.get(name)
        if entry is None:
            raise ModelNotFound(f"The model {name!r} is not loaded.")
        if self._needed(name):
            raise Conflict(f"The model {name!r} is decoding; try again when it is done.")
        del self._entries[name]
        entry.transcriber.close()

    def unload_idle(self) -> tuple[str, ...]:
        """Unload every model that nobody has used for `idle_seconds`; returns their names."""
        now = self._clock()
        idle = tuple(
            name
            for name, entry in self._entries.items()
            if not self._needed(name) and now - entry.last_used >= self._idle_seconds
        )
        for name in idle:
            self.unload(name)
        return idle

    def close(self) -> None:
        """Unload everything; a load that is under way is not waited for."""
        for load in self._loads.values():
            load.cancel()
        for entry in self._entries.values():
            entry.transcriber.close()
        self._entries.clear()

    async def _wait_for(self, name: str) -> None:
        """Wait until `name` is in memory; the load goes on for the next one who asks when this one gives up."""
        load = self._loads.get(name)
        if load is None:
            load = self._loads[name] = asyncio.create_task(self._bring(name), name=f"load {name}")
            load.add_done_callback(lambda done: self._loaded(name, done))
        try:
            async with asyncio.timeout(self._load_seconds):
                await asyncio.shield(load)
        except TimeoutError:
            raise ModelLoading(f"The model {name!r} is still being loaded.", retry_after=10) from None

    def _loaded(self, name: str, load: "asyncio.Task[None]") -> None:
        del self._loads[name]
        if not load.cancelled():
            load.exception()  # told to those who waited; nobody may have been left

    async def _bring(self, name: str) -> None:
        async with self._one_at_a_time:
            self._make_room()
            transcriber = await asyncio.to_thread(self._load, name)
            self._entries[name] = _Entry(transcriber, users=0, last_used=self._clock())

    def _make_room(self) -> None:
        idle = [name for name in self.names if not self._needed(name)]
        for name in idle[: max(0, len(self._entries) - self._size + 1)]:
            self.unload(name)
        if len(self._entries) >= self._size:
            raise ModelLoading("Every place for a model is in use; raise MODEL_CACHE_SIZE or try again.", retry_after=5)

    def _needed(self, name: str) -> bool:
        """Tell whether a model is lent, or was loaded in this moment for somebody who has not taken it yet."""
        return self._entries[name].users > 0 or self._awaited[name] > 0
