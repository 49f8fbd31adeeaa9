"""The composition root: settings become values, values become the service."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from api_server import errors
from api_server.deps import Recordings, Services
from api_server.engine import probe, whisper
from api_server.engine.base import DecodeOptions, Samples, Transcriber
from api_server.engine.cache import ModelCache
from api_server.engine.isolation import Isolation, build_in_background
from api_server.engine.lanes import Lane
from api_server.engine.models import Models
from api_server.engine.recognizer import Recognizer
from api_server.metrics import Metrics
from api_server.routes import (
    deepgram,
    deepgram_live,
    health,
    models,
    openai,
    openai_realtime,
    openai_realtime_secrets,
    pages,
    stream,
    transcribe,
)
from api_server.routes.compat import seed001, seed004
from api_server.settings import Settings
from api_server.streaming.service import Limits, StreamEngine, StreamService
from api_server.streaming.silero import SileroVad
from api_server.wyoming import server as wyoming
from shared import __version__
from shared.asgi import BodyLimit, RequestContext
from shared.audio import decode
from shared.environment import effective
from shared.errors import ModelNotFound, StartupError
from shared.folders import data_folder, spooling_to
from shared.supervision import supervised

log = structlog.stdlib.get_logger("api_server")

_ASSETS = Path(__file__).parent / "assets"
_STREAM_THREADS = 16
_REQUEST_THREADS = 32
"""More decodes than that wait for a thread in order of arrival."""
_AUDIO_THREADS = 4
_BATCH_AUDIO_THREADS = 2
_LAG_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Engines:
    """The resident model, once or twice in memory."""

    resident: Transcriber
    batch: Transcriber
    isolation: Isolation


def create_app(settings: Settings, *, transcriber: Transcriber | None = None) -> FastAPI:
    """Return the service; loads the resident model (seconds) unless one is given.

    Raises `StartupError` with a sentence where the service cannot work as it is set up.
    """
    # OpenBLAS's helper threads wait by spinning: for the small products of a spectrogram they cost more than they give.
    threadpool_limits(1, user_api="blas")
    metrics = Metrics()
    uploads = data_folder(settings.data_dir, "tmp") / "tmp"
    engines = _given(transcriber) if transcriber else _loaded(settings, metrics)
    _check_language(settings, engines.resident)
    if settings.wyoming_port:
        wyoming.check(settings.api_host, settings.wyoming_port)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with spooling_to(uploads), contextlib.ExitStack() as stack:
            pools = _Pools(*(_pool(stack, name, size) for name, size in _POOLS))
            services = _services(settings, engines, metrics, pools)
            app.state.services = services
            app.state.keys, app.state.secrets = settings.keys, openai_realtime_secrets.Secrets()
            streams = app.state.streams = _streams(settings, services, pools, metrics)
            tasks = [
                asyncio.create_task(supervised(name, run))
                for name, run in (
                    ("partials", streams.partials.run),
                    ("probe", lambda: probe.watch(services.probes)),
                    ("idle models", lambda: _unload_idle(services.models, settings.model_idle_seconds)),
                    ("loop lag", lambda: _measure_lag(metrics)),
                    *_assistants(settings, streams),
                )
            ]
            _announce(settings, engines)
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            services.models.close()

    app = FastAPI(
        title="Whisper Svenska",
        summary="Speech to text, Swedish first: live streams and recordings.",
        version=__version__,
        lifespan=lifespan,
    )
    errors.install(app)
    if settings.compat_routes:
        for router in (seed001.router, seed004.router, seed004.keyed):
            app.include_router(router)
    for part in (
        transcribe, models, health, stream, pages, openai, openai_realtime, openai_realtime_secrets, deepgram,
        deepgram_live,
    ):  # fmt: skip
        app.include_router(part.router)
    app.include_router(health.keyed)
    app.include_router(openai.unknown)
    app.add_middleware(BodyLimit, limit=settings.max_upload_bytes)
    app.add_middleware(RequestContext, observe=metrics.request)
    return app


# --- engines


def _given(transcriber: Transcriber) -> _Engines:
    return _Engines(resident=transcriber, batch=transcriber, isolation="none")


def _loaded(settings: Settings, metrics: Metrics) -> _Engines:
    def build() -> Transcriber:
        return whisper.load(settings.whisper_model, settings.load_options(), metrics.verified)

    with _blaming("WHISPER_RETRY_MODEL"):  # now, and not when the first job asks for it
        if settings.whisper_retry_model:
            whisper.fetch(settings.whisper_retry_model)
    with _blaming("WHISPER_MODEL"):
        resident = build()
        if settings.batch_lane == "shared" or resident.info.device != "cpu":
            return _given(resident)
        batch, isolation = build_in_background(build)
    return _Engines(resident=resident, batch=batch, isolation=isolation)


@contextlib.contextmanager
def _blaming(setting: str) -> Iterator[None]:
    try:
        yield
    except ModelNotFound as error:
        raise StartupError(f"{setting}: {error.message}") from error


def _load_beside(settings: Settings, metrics: Metrics) -> Callable[[str], Transcriber]:
    """Return how other models are loaded: behind everything else, for good."""
    retry = settings.whisper_retry_model

    def load(name: str) -> Transcriber:
        mine = bool(retry) and name == whisper.shown(retry)
        source, options = retry if mine else name, settings.load_options()
        try:
            made, _isolation = build_in_background(
                lambda: whisper.load(source, options, metrics.verified, folders=mine)
            )
        except ModelNotFound as error:  # clients are told by the name that they know
            raise ModelNotFound(error.message.replace(source, name)) from error
        return made

    return load


# --- services


_POOLS = (
    ("stream", _STREAM_THREADS),
    ("request", _REQUEST_THREADS),
    ("batch", _REQUEST_THREADS),
    ("audio", _AUDIO_THREADS),
    ("batch audio", _BATCH_AUDIO_THREADS),
    ("voice", 2),
)


@dataclass(frozen=True, slots=True)
class _Pools:
    stream: ThreadPoolExecutor
    request: ThreadPoolExecutor
    batch: ThreadPoolExecutor
    audio: ThreadPoolExecutor
    batch_audio: ThreadPoolExecutor
    voice: ThreadPoolExecutor


def _pool(stack: contextlib.ExitStack, name: str, size: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(size, thread_name_prefix=name)
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return pool


def _services(settings: Settings, engines: _Engines, metrics: Metrics, pools: _Pools) -> Services:
    realtime = Lane("realtime", max_wait=settings.max_queue_seconds)
    shared_lane = engines.batch is engines.resident
    batch_lane = realtime if shared_lane else Lane("batch", max_wait=settings.max_queue_seconds)
    resident = Recognizer(engines.resident, realtime, pools.request, metrics)
    batch = Recognizer(engines.batch, batch_lane, pools.batch, metrics)
    retry = whisper.shown(settings.whisper_retry_model) if settings.whisper_retry_model else None
    cache = ModelCache(
        _load_beside(settings, metrics), size=settings.model_cache_size, idle_seconds=settings.model_idle_seconds
    )
    clip = decode(_ASSETS / "hej.flac", max_seconds=10).samples
    return Services(
        models=Models(resident=resident, batch=batch, cache=cache, retry=retry),
        recordings=Recordings(interactive=pools.audio, batch=pools.batch_audio, max_seconds=settings.max_audio_seconds),
        probes=[_probe(one, clip) for one in ((resident,) if shared_lane else (resident, batch))],
        metrics=metrics,
        language=settings.language(),
        audio_context=settings.audio_context,
        config=effective(settings),
        started_at=time.monotonic(),
    )


def _probe(recognizer: Recognizer, clip: Samples) -> probe.Probe:
    return probe.Probe(recognizer, clip, language=recognizer.transcriber.info.languages[0])


def _streams(settings: Settings, services: Services, pools: _Pools, metrics: Metrics) -> StreamService:
    resident = services.models.resident
    recognizer = Recognizer(resident.transcriber, resident.lane, pools.stream, metrics)
    return StreamService(
        StreamEngine(
            model=resident.transcriber.info,
            language=settings.language(),
            options=DecodeOptions(audio_context=settings.audio_context),
            decode_final=stream.final_decoder(recognizer),
            decode_partials=recognizer.partials,
        ),
        options=settings.stream_options(),
        limits=Limits(sessions=settings.max_connected_clients),
        speech=SileroVad(whisper.voice_activity_network()).stream,
        threads=pools.voice,
        observer=metrics,
    )


# --- what runs beside the requests


def _assistants(settings: Settings, streams: StreamService) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
    if settings.wyoming_port:
        server = wyoming.Server(
            streams, host=settings.api_host, port=settings.wyoming_port, max_seconds=settings.max_audio_seconds
        )
        yield "wyoming", server.run


async def _unload_idle(models_: Models, idle_seconds: float) -> None:
    while True:
        await asyncio.sleep(min(30.0, max(1.0, idle_seconds / 4)))
        for name in models_.unload_idle():
            log.info("model unloaded", model=name)


async def _measure_lag(metrics: Metrics) -> None:
    while True:
        began = time.monotonic()
        await asyncio.sleep(_LAG_SECONDS)
        metrics.loop_lag.set(max(0.0, time.monotonic() - began - _LAG_SECONDS))


# --- at the start


def _check_language(settings: Settings, transcriber: Transcriber) -> None:
    language = settings.language()
    if language is not None and language not in transcriber.info.languages:
        known = ", ".join(transcriber.info.languages)
        raise StartupError(f"WHISPER_LANGUAGE: expected auto or one of {known}; got {language!r}")


def _announce(settings: Settings, engines: _Engines) -> None:
    info = engines.resident.info
    log.info(
        "ready to listen", model=info.name, device=info.device, compute_type=info.compute_type,
        audio_context=settings.audio_context, batch_lane=settings.batch_lane, isolation=engines.isolation,
    )  # fmt: skip
    if info.demonstration:
        log.warning(
            "the bundled model is for demonstration and tests; for people's speech set "
            "WHISPER_MODEL=KBLab/kb-whisper-small (or -large, any CTranslate2 Whisper)"
        )
    if not settings.keys:
        log.warning("API_KEYS is empty: everyone who can reach this service may use it")
    elif settings.wyoming_port:
        log.warning(
            "WYOMING_PORT asks for no API key: everyone who can reach it may use it", port=settings.wyoming_port
        )
