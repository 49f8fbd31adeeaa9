"""Structured logs: one set-up for both services, request and job ids on every line."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# The values of local variables hold keys and what people said, and writing them down takes seconds.
_without_values = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
_TALKATIVE = (
    "httpx", "httpcore", "faster_whisper", "presidio-analyzer", "uvicorn.access", "aiosqlite", "python_multipart",
)  # fmt: skip
"""Libraries of which only warnings are of use."""


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
        [structlog.processors.ExceptionRenderer(_without_values), structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
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
    logging.getLogger("uvicorn.error").addFilter(_may_be_kept)
    # At `debug` these write down headers, frames and rows: keys, and what people said.
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, root.level))
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(max(logging.WARNING, root.level))


def _may_be_kept(record: logging.LogRecord) -> bool:
    """Tell whether a line of uvicorn's says what nobody else does, and no key: a WebSocket's address may hold one.

    `shared.asgi.RequestContext` has logged a failure with the request's id.
    """
    line = str(record.msg)
    return not line.startswith("Exception in ASGI application") and '"WebSocket %s"' not in line
