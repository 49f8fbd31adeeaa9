"""Tasks that run beside the requests for as long as a service does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.stdlib.get_logger("supervision")


async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a task until it ends by itself; one that fails is logged and begun again a second later."""
    while True:
        try:
            await run()
        except Exception:  # the supervisor of a service's tasks: the others must go on, and so must this one
            log.exception("task failed", task=name)
            await asyncio.sleep(1)
        else:
            return
