"""The composition root: settings become values, values become the service."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import structlog
from fastapi import FastAPI

from batch_worker import errors
from batch_worker.clients.asr import AsrClient, Endpoints, http_client
from batch_worker.clients.llm import LlmClient, LlmOptions
from batch_worker.clients.webhook import Webhooks
from batch_worker.deps import Services
from batch_worker.jobs import workers
from batch_worker.jobs.bells import Bells
from batch_worker.jobs.blobs import FolderBlobs
from batch_worker.jobs.dispatcher import Dispatcher, DispatcherOptions, Parts
from batch_worker.jobs.hold import LeaseHold
from batch_worker.jobs.housekeeping import House
from batch_worker.jobs.queue import LocalQueue
from batch_worker.jobs.store import StoreOptions, open_store, prepare
from batch_worker.jobs.webhooks import Sender
from batch_worker.metrics import Metrics
from batch_worker.pipeline import build
from batch_worker.pipeline.base import Asr, Setup
from batch_worker.pipeline.language_model import LanguageModel
from batch_worker.pipeline.patience import Patience
from batch_worker.routes import audio, events, health, jobs, openai
from batch_worker.routes.compat import seed001, seed002, seed003
from batch_worker.settings import Settings
from shared import __version__
from shared.asgi import BodyLimit, RequestContext
from shared.environment import effective
from shared.errors import StartupError
from shared.folders import data_folder, spooling_to
from shared.supervision import supervised

log = structlog.stdlib.get_logger("batch_worker")

_SQLITE = "sqlite:///"
_FORM_BYTES = 1_000_000
"""What the other fields of a form may take on top of the recording."""


def create_app(settings: Settings) -> FastAPI:
    """Return the service. Raises `StartupError` with a sentence where it cannot work as it is set up."""
    metrics = Metrics()
    folder = data_folder(settings.data_dir, "tmp")
    database = _database(settings, folder)
    features = _features(settings)
    http = http_client(settings.http_timeout)
    stages = build.Stages(_setup(settings, _asr(settings, http), _llm(settings, http)))
    for name in (name for name, wanted in features.items() if wanted):
        stages.get(name)
    wishes = _Wishes(settings, folder, database, features, stages, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(http)
            running = await _wired(wishes, http, stack)
            app.state.keys = settings.keys
            app.state.services = running.services
            app.state.drain = partial(_drain, running.services, running.queue, settings.grace_seconds)
            await running.house.reclaim()
            tasks = [asyncio.create_task(supervised(name, run), name=name) for name, run in running.tasks]
            if not settings.keys:
                log.warning("API_KEYS is empty: everyone who can reach this service may use it")
            yield
            await app.state.drain()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="Whisper Svenska jobs", summary="Recordings as jobs that are never lost.", version=__version__,
        lifespan=lifespan,
    )  # fmt: skip
    app.state.prepare = partial(prepare, database)
    errors.install(app)
    if settings.compat_routes:  # first: two of them are native ones with another word or field
        for router in (seed001.router, seed001.open_router, seed002.router, seed003.router):
            app.include_router(router)
    for router in (jobs.router, audio.router, openai.router, events.keyed, events.router, health.router, health.keyed):
        app.include_router(router)
    app.add_middleware(BodyLimit, limit=settings.max_upload_bytes + _FORM_BYTES)
    app.add_middleware(RequestContext, observe=metrics.request)
    return app


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the service is built from."""

    settings: Settings
    folder: Path
    """`DATA_DIR`."""
    database: Path
    features: dict[str, bool]
    """Which stages run unless a job says otherwise."""
    stages: build.Stages
    metrics: Metrics


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    """What has been built."""

    services: Services
    queue: LocalQueue
    house: House
    tasks: Sequence[tuple[str, Callable[[], Awaitable[None]]]]
    """What runs beside the requests."""


async def _wired(wishes: _Wishes, http: httpx.AsyncClient, stack: contextlib.AsyncExitStack) -> _Running:
    """Build everything; `stack` takes it down again."""
    settings, folder = wishes.settings, wishes.folder
    stack.enter_context(spooling_to(folder / "tmp"))
    worker = stack.enter_context(workers.registered(folder / "workers"))
    workers.sweep(folder / "workers")
    options = StoreOptions(lease_seconds=settings.lease_seconds, order=settings.queue_order)
    store = await stack.enter_async_context(open_store(wishes.database, options))
    hold = LeaseHold(wishes.database, lease_seconds=settings.lease_seconds, loop=asyncio.get_running_loop())
    hold.start()
    stack.callback(hold.stop)
    blobs, queue, bells = FolderBlobs(folder / "audio"), LocalQueue(settings.queue_order), Bells()
    parts = Parts(
        store=store, queue=queue, blobs=blobs, hold=hold, bells=bells, stage=wishes.stages.get, observer=wishes.metrics
    )
    dispatcher = Dispatcher(parts, _dispatcher_options(settings, worker), taken_over=_end_process)
    webhooks = Webhooks(
        http, secret=settings.webhook_secret.get_secret_value(), allow_private=settings.webhook_allow_private
    )
    house = _house(settings, folder, parts, dispatcher)
    return _Running(
        services=_services(wishes, parts, dispatcher, webhooks),
        queue=queue,
        house=house,
        tasks=(
            ("jobs", dispatcher.run),
            ("reclaim", house.keep_reclaiming),
            ("tidy", house.keep_tidy),
            ("webhooks", Sender(store=store, send=webhooks.send, observer=wishes.metrics).run),
        ),
    )


def _house(settings: Settings, folder: Path, parts: Parts, dispatcher: Dispatcher) -> House:
    return House(
        store=parts.store,
        blobs=parts.blobs,
        dispatcher=dispatcher,
        workers=folder / "workers",
        temporary=folder / "tmp",
        retention_seconds=settings.retention_hours * 3600,
        reclaim_seconds=max(1.0, settings.lease_seconds / 3),
    )


def _services(wishes: _Wishes, parts: Parts, dispatcher: Dispatcher, webhooks: Webhooks) -> Services:
    settings = wishes.settings
    return Services(
        store=parts.store,
        blobs=parts.blobs,
        queue=parts.queue,
        bells=parts.bells,
        dispatcher=dispatcher,
        check_webhook=webhooks.check,
        metrics=wishes.metrics,
        stage=parts.stage,
        features=wishes.features,
        concurrency=settings.max_concurrent_jobs,
        queue_limit=settings.max_queue_size,
        config=effective(settings),
        started_at=time.monotonic(),
    )


# --- values


def _features(settings: Settings) -> dict[str, bool]:
    """Return which stages run by default; raises `StartupError` for one that is on and not there."""
    wanted = {
        "retry": settings.feature_retry or settings.feature_retry_large,
        "diarization": settings.feature_diarization,
        "language": settings.feature_lang_detect,
        "text": settings.feature_text_processing,
        "pii": settings.feature_pii,
        "summary": settings.feature_summary,
    }
    return {name: wish for name, wish in wanted.items() if name in build.features() or _missing(name, wanted=wish)}


def _missing(name: str, *, wanted: bool) -> bool:
    if wanted and name != "retry":  # on by default
        raise StartupError(f"FEATURE_{name.upper()}: expected false, as this version has no such stage; got true")
    return False


def _setup(settings: Settings, asr: Asr, llm: LanguageModel | None) -> Setup:
    return Setup(
        asr=asr,
        patience=Patience(
            retries=settings.http_retries, backoff=settings.http_retry_backoff, outage=settings.outage_seconds
        ),
        confidence_threshold=settings.confidence_threshold,
        language_detector=settings.language_detector,
        languages=settings.languages,
        retry_large=settings.feature_retry_large or bool(settings.whisper_retry_url),
        llm=llm,
        llm_seconds=settings.llm_timeout,
        redact_before_llm=settings.pii_redact_before_llm,
        diarization_model=settings.diarization_model,
        hf_token=settings.hf_token.get_secret_value() or None,
        diarization_python=settings.diarization_python,
        diarization_threads=settings.diarization_threads,
        diarization_memory_mb=settings.diarization_memory_mb,
        diarization_timeout=settings.diarization_timeout,
    )


def _dispatcher_options(settings: Settings, worker: str) -> DispatcherOptions:
    return DispatcherOptions(
        worker=worker,
        concurrency=settings.max_concurrent_jobs,
        timeout=settings.worker_timeout,
        poison=settings.poison_restarts,
        keep_audio=settings.keep_audio,
    )


def _asr(settings: Settings, http: httpx.AsyncClient) -> AsrClient:
    retry = Endpoints(urls=settings.whisper_retry_url) if settings.whisper_retry_url else None
    return AsrClient(http, Endpoints(urls=settings.whisper_api_url), retry, key=settings.asr_key)


def _llm(settings: Settings, http: httpx.AsyncClient) -> LlmClient | None:
    if not settings.llm_url or not settings.llm_model:
        return None
    options = LlmOptions(
        url=settings.llm_url,
        model=settings.llm_model,
        key=settings.llm_api_key.get_secret_value() or None,
        context_tokens=settings.llm_context_tokens,
        answer_seconds=settings.llm_timeout,
        idle_seconds=settings.http_timeout,
    )
    return LlmClient(http, options)


def _database(settings: Settings, folder: Path) -> Path:
    if not settings.database_url:
        return folder / "jobs.sqlite"
    if settings.database_url.startswith(_SQLITE):
        return Path(settings.database_url.removeprefix(_SQLITE)).expanduser()
    raise StartupError("DATABASE_URL: expected sqlite:///PATH or nothing; PostgreSQL is not supported by this version")


# --- what runs beside the requests


async def _drain(services: Services, queue: LocalQueue, grace: float) -> None:
    """Claim nothing more, and let running jobs finish within `grace` seconds; they are handed back else."""
    if not services.draining.is_set():
        services.draining.set()
        await queue.close(grace)


def _end_process() -> None:
    """End: this process was away so long that others took its jobs; whatever it still believes is out of date."""
    log.critical("a job was taken over by another worker; this process ends")
    os.kill(os.getpid(), signal.SIGTERM)
