"""`python -m batch_worker`: the environment, the app, the server."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn

from batch_worker.app import create_app
from batch_worker.settings import Settings
from shared import logs
from shared.environment import load
from shared.errors import StartupError
from shared.sockets import reserved


class _Server(uvicorn.Server):
    """Answers while it drains: at the first signal jobs are finished or handed back, then the server stops."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        """Call `drain` before the server stops."""
        super().__init__(config)
        self._drain_jobs = drain
        self._draining: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or stop at once at the second signal."""
        if self._draining is not None or not self.started:
            super().handle_exit(sig, frame)
        else:
            loop = asyncio.get_running_loop()
            loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            await self._drain_jobs()
        finally:
            self.should_exit = True


def main() -> None:
    """Serve until told to stop; what stands in the way of a start is said in one line each, exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # before the server listens to signals itself
    try:
        settings = load(Settings)
        logs.configure(level=settings.log_level, form=settings.log_format)
        listener = reserved(settings.batch_host, settings.batch_port, setting="BATCH_PORT")
        app = create_app(settings)
        asyncio.run(app.state.prepare())  # a store that cannot be used is said before anything listens
    except StartupError as error:
        sys.exit(_refusal(error))
    except KeyboardInterrupt:
        return
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=2,
    )
    server = _Server(config, lambda: app.state.drain())  # noqa: PLW0108 - the lifespan makes it
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(1)


def _refusal(error: StartupError) -> int:
    print(error.message, file=sys.stderr)  # noqa: T201 - for the person who starts it
    return 2


if __name__ == "__main__":
    main()
