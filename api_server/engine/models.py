"""Which model serves a request, and in which lane."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from api_server.engine.base import ModelInfo, Priority
from api_server.engine.cache import ModelCache
from api_server.engine.recognizer import Recognizer
from shared.errors import Conflict, ModelNotFound

LaneName = Literal["interactive", "batch"]
_PRIORITIES: dict[LaneName, Priority] = {"interactive": Priority.INTERACTIVE, "batch": Priority.BATCH}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelState:
    """A model that may be asked for."""

    name: str
    """As requests name it."""
    resident: bool
    """Whether it is always in memory, and serves the live streams."""
    info: ModelInfo | None
    """What it is; None while it is not in memory."""


class Models:
    """The resident model in its two lanes, and the others beside it; used from one event loop."""

    def __init__(self, *, resident: Recognizer, batch: Recognizer, cache: ModelCache, retry: str | None) -> None:
        """Serve `resident` to people and `batch`, the same model, to jobs; `retry` names the larger model."""
        self.resident = resident
        self.batch = batch
        self._cache = cache
        self._retry = retry

    @property
    def name(self) -> str:
        """The resident model's name."""
        return self.resident.transcriber.info.name

    @property
    def retry_name(self) -> str:
        """The model of second decodes: the larger one where there is one."""
        return self._retry or self.name

    @asynccontextmanager
    async def serving(self, name: str | None, lane: LaneName) -> AsyncIterator[tuple[Recognizer, Priority]]:
        """Lend the model called `name`, None for the resident one, and the priority of this lane's requests in it.

        Only models that are in memory, and the retry model, are served: loading another is somebody's decision.
        Raises `ModelNotFound` or `ModelLoading`.
        """
        priority = _PRIORITIES[lane]
        if name in {None, "", self.name}:
            yield (self.resident if lane == "interactive" else self.batch), priority
        elif name is not None and name in {*self._cache.names, self._retry}:
            async with self._cache.use(name) as transcriber:
                yield self.batch.on(transcriber), priority
        else:
            raise ModelNotFound(
                f"The model {str(name)[:80]!r} is not served here.", detail={"models": [one.name for one in self.all()]}
            )

    def all(self) -> tuple[ModelState, ...]:
        """Return the models that may be asked for, the resident one first."""
        resident = ModelState(name=self.name, resident=True, info=self.resident.transcriber.info)
        loaded = tuple(ModelState(name=name, resident=False, info=self._cache.info(name)) for name in self._cache.names)
        missing = self._retry is not None and self._retry not in self._cache.names
        retry = (ModelState(name=self._retry or "", resident=False, info=None),) if missing else ()
        return resident, *loaded, *retry

    async def load(self, name: str) -> ModelState:
        """Bring a model into memory; raises `ModelNotFound` or `ModelLoading`."""
        if name == self.name:
            return self.all()[0]
        if name != self._retry and name.startswith(("/", ".", "~", "\\")):
            raise ModelNotFound("Over HTTP a model is named by size or hub id; folders are for WHISPER_MODEL.")
        transcriber = await self._cache.load(name)
        return ModelState(name=name, resident=False, info=transcriber.info)

    def unload(self, name: str) -> None:
        """Give a model's memory back; raises `ModelNotFound`, or `Conflict` for one that is needed."""
        if name == self.name:
            raise Conflict("The resident model stays in memory; set WHISPER_MODEL to serve another.")
        self._cache.unload(name)

    def unload_idle(self) -> tuple[str, ...]:
        """Unload what nobody has used for long; returns the names."""
        return self._cache.unload_idle()

    def close(self) -> None:
        """Unload every model but the resident one, which ends with the process."""
        self._cache.close()
