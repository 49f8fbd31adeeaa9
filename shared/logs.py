"""Structured logs: one set-up for both services, request and job ids on every line."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def valid_id(value: str | None) -> bool:
    """Tell whether a caller's `X-Request-ID` may be used as it is: 1 to 64 of letters, digits and `._:-`."""
    return value is not None and _ID.fullmatch(value) is not None


def configure(*, level: str, form: Literal["console", "json"]) -> None:
    """Send structlog and the standard library's loggers to standard error in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(chatty)
        logger.handlers = []
        logger.propagate = True
    for talkative in ("httpx", "httpcore", "faster_whisper", "presidio-analyzer", "uvicorn.access"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, root.level))
