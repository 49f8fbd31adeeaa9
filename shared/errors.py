"""Everything that can go wrong on purpose, in one tree.

    SvenskaError                      code, message, detail
    ├── InvalidRequest
    │   ├── InvalidParameter          invalid_parameter
    │   ├── MalformedBody             invalid_parameter
    │   ├── MissingFile               missing_file
    │   ├── EmptyAudio                empty_audio
    │   ├── UnsupportedAudio          unsupported_audio
    │   ├── UploadTooLarge            upload_too_large
    │   └── AudioTooLong              audio_too_long
    ├── Unauthorized                  unauthorized
    ├── NotFound                      not_found
    │   └── ModelNotFound             model_not_found
    ├── Conflict                      conflict
    ├── Expired                       expired
    ├── TryLater                      retry_after
    │   ├── Busy                      busy
    │   ├── QueueFull                 queue_full
    │   ├── TooManySessions           too_many_sessions
    │   └── ModelLoading              model_loading
    ├── StorageFull                   storage_full
    ├── Upstream
    │   ├── AsrUnavailable            asr_unavailable
    │   │   └── Unreachable           asr_unavailable
    │   ├── LlmUnavailable            llm_unavailable
    │   └── Timeout                   timeout
    ├── Cancelled                     cancelled
    ├── Poison                        poison
    ├── StartupError                  startup
    └── Internal                      internal

A code is stable: clients are written against it. A message says what was wrong and what to do, and never
holds a path of the server, a traceback or a secret. Which HTTP status or WebSocket close code an error becomes
is the web layer's table (`api_server.errors`, `batch_worker.errors`).
"""

import reprlib
from itertools import islice
from typing import Any, ClassVar

_SHOWN = 80
"""Characters of a caller's value that an error repeats."""
_ITEMS = 5
"""Fields of a caller's object, likewise."""


class SvenskaError(Exception):
    """Base of the tree; never raised itself."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, detail: dict[str, Any] | None = None) -> None:
        """Keep the sentence for people and the facts for programs."""
        super().__init__(message)
        self.message = message
        self.detail = detail

    def to_json(self) -> dict[str, Any]:
        """Return the body that every reply, event and failed job carries: `{"error": {…}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail:
            error["detail"] = self.detail
        return {"error": error}


class InvalidRequest(SvenskaError):
    """The caller must change the request."""

    code = "invalid_parameter"


class InvalidParameter(InvalidRequest):
    """A field has a value that cannot be used."""

    code = "invalid_parameter"

    def __init__(self, field: str, *, expected: str, got: object) -> None:
        """Name the field, what it takes and what came."""
        field, shown = _sendable(field), _shown(got)
        super().__init__(
            f"{field}: expected {expected}, got {shown!r}.",
            detail={"field": field, "expected": expected, "got": shown},
        )


def _shown(value: object) -> str:
    """Return what can be repeated of a value, which may be millions of others, or deeper than Python can write."""
    if isinstance(value, dict):
        value = dict(islice(value.items(), _ITEMS))
    return _sendable((reprlib.repr(value) if isinstance(value, dict | list | tuple) else str(value))[:_SHOWN])


def _sendable(text: str) -> str:
    """Return a text that can be written as UTF-8: JSON may escape halves of letters."""
    return text.encode("utf-8", "replace").decode()


class MalformedBody(InvalidRequest):
    """The body is not the form that it says it is."""

    code = "invalid_parameter"


class MissingFile(InvalidRequest):
    """The form has no `file`."""

    code = "missing_file"


class EmptyAudio(InvalidRequest):
    """The file, or the part of it that was asked for, holds no audio."""

    code = "empty_audio"


class UnsupportedAudio(InvalidRequest):
    """The file is not something that FFmpeg's libraries decode."""

    code = "unsupported_audio"


class UploadTooLarge(InvalidRequest):
    """More bytes than `MAX_UPLOAD_MB`."""

    code = "upload_too_large"


class AudioTooLong(InvalidRequest):
    """More seconds than `MAX_AUDIO_SECONDS`."""

    code = "audio_too_long"


class Unauthorized(SvenskaError):
    """No key, or one that is not in `API_KEYS`."""

    code = "unauthorized"


class NotFound(SvenskaError):
    """No such thing here."""

    code = "not_found"


class ModelNotFound(NotFound):
    """The model asked for is not served here."""

    code = "model_not_found"


class Conflict(SvenskaError):
    """The request does not fit the present state."""

    code = "conflict"


class Expired(SvenskaError):
    """It was here, and its retention is over."""

    code = "expired"


class TryLater(SvenskaError):
    """The service is fine and has no room now."""

    code = "busy"

    def __init__(self, message: str, *, retry_after: int = 1, detail: dict[str, Any] | None = None) -> None:
        """Keep `retry_after`, whole seconds, for the `Retry-After` header."""
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class Busy(TryLater):
    """The wait would be longer than `MAX_QUEUE_SECONDS`."""

    code = "busy"


class QueueFull(TryLater):
    """`MAX_QUEUE_SIZE` jobs wait already."""

    code = "queue_full"


class TooManySessions(TryLater):
    """`MAX_CONNECTED_CLIENTS` are connected."""

    code = "too_many_sessions"


class ModelLoading(TryLater):
    """The model is on its way into memory."""

    code = "model_loading"


class StorageFull(SvenskaError):
    """The disk has no room for this upload."""

    code = "storage_full"


class Upstream(SvenskaError):
    """A service that this one depends on did not do its part."""

    code = "asr_unavailable"


class AsrUnavailable(Upstream):
    """The api_server did not answer, or not with a transcript."""

    code = "asr_unavailable"


class Unreachable(AsrUnavailable):
    """No connection to the api_server comes about: it is down, or being restarted."""


class LlmUnavailable(Upstream):
    """The language model's server did not answer, or not with a usable text."""

    code = "llm_unavailable"


class Timeout(Upstream):
    """It took longer than it may."""

    code = "timeout"


class Cancelled(SvenskaError):
    """The caller took it back; the work stops at the next window."""

    code = "cancelled"


class Poison(SvenskaError):
    """The job took its worker process down again and again."""

    code = "poison"


class StartupError(SvenskaError):
    """The service cannot start as it is set up; the message says which setting to change."""

    code = "startup"


class Internal(SvenskaError):
    """Something that should not happen; the log has it under the request's id."""

    code = "internal"
