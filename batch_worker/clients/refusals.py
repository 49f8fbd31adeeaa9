"""How OpenAI-compatible servers say no, and what each way means; pure.

Nothing that a server says is repeated: it may quote the question.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from batch_worker.pipeline.language_model import ContextExceeded, LlmRefused
from shared.errors import Busy, LlmUnavailable, SvenskaError, Timeout

_LONGEST_WAIT = 3600
"""Seconds; what a server asks for beyond it is not believed."""
_LONGEST_WORD = 40
_SERVER_FAULTS = 500
_LONG = "The question is longer than what the language model can read: set LLM_CONTEXT_TOKENS to what the server has."
_NO_KEY = (LlmRefused, "The LLM server asks for another key: set LLM_API_KEY.")
_NO_MONEY = (LlmRefused, "The account behind LLM_API_KEY has nothing left to spend.")
_NOWHERE = (LlmRefused, "The LLM server has no such address or no such model: set LLM_URL and LLM_MODEL.")
_SLOW = (Timeout, "The LLM server says that it took too long.")
_LATE = (LlmUnavailable, "The LLM server could not take the question now.")

_BY_WORD: dict[str, tuple[type[SvenskaError], str]] = {"model_not_found": _NOWHERE, "insufficient_quota": _NO_MONEY}
"""What a word for programs means, whatever the status."""
_BY_STATUS: dict[int, tuple[type[SvenskaError], str]] = {
    401: _NO_KEY, 403: _NO_KEY, 404: _NOWHERE, 408: _SLOW, 409: _LATE, 413: (ContextExceeded, _LONG), 425: _LATE,
    504: _SLOW,
}  # fmt: skip
_FULL = frozenset({429, 503})
_NOT_UNDERSTOOD = frozenset({400, 422, 501})

_TOO_LONG = frozenset({"exceed_context_size_error", "context_length_exceeded"})
_TOO_LONG_SAID = ("context length", "context size", "context window", "maximum context", "too many tokens")
_object = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A server's own words; only for decisions, never repeated."""

    code: str = ""
    """A word for programs, from `code` or `type`."""
    param: str = ""
    """Which field it did not like."""
    message: str = ""
    """For people."""

    @property
    def too_long(self) -> bool:
        """Whether it says that question and answer do not fit into what the model can read."""
        said = self.message.casefold()
        return self.code in _TOO_LONG or any(phrase in said for phrase in _TOO_LONG_SAID)


class NotTaken(Exception):
    """The server does not understand the question as it was put."""

    def __init__(self, fault: Fault) -> None:
        """Keep what it says about it."""
        super().__init__()
        self.fault = fault


def refusal(status: int, document: bytes, *, retry_after: str | None, now: float) -> SvenskaError | NotTaken:
    """Return what a reply with another status than 200 means; `now` in seconds since 1970, for dates in headers."""
    fault = _fault_in(document)
    if fault.too_long:
        return too_long()
    known = _BY_WORD.get(fault.code) or _BY_STATUS.get(status)
    if known is not None:
        kind, message = known
        return kind(message)
    if status in _FULL:
        return Busy("The LLM server has no room now.", retry_after=seconds(retry_after, now=now))
    if status in _NOT_UNDERSTOOD:
        return NotTaken(fault)
    message = f"The LLM server answered with {status}{named(fault)}"
    return LlmUnavailable(f"{message}.") if status >= _SERVER_FAULTS else LlmRefused(f"{message}: see LLM_URL.")


def too_long() -> ContextExceeded:
    """Return the error for a question that does not fit."""
    return ContextExceeded(_LONG)


def not_taken(fault: Fault) -> LlmRefused:
    """Return the error for a question that a server takes in no dialect."""
    return LlmRefused(f"The LLM server does not take the question{named(fault)}: see that LLM_MODEL is a chat model.")


def seconds(retry_after: str | None, *, now: float) -> int:
    """Return what a `Retry-After` header asks for, a number or a date, 1 where it says nothing that can be used."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        wait = int(text[:9])
    else:
        try:
            then = parsedate_to_datetime(text)
        except ValueError:
            return 1
        wait = round((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - now)
    return min(_LONGEST_WAIT, max(1, wait))


def fault_of(error: object) -> Fault:
    """Return what a server writes under `error`, an object or a sentence."""
    if not isinstance(error, dict):
        return Fault(message=error if isinstance(error, str) else "")
    words = [value for name in ("code", "type") if isinstance(value := error.get(name), str)]
    known = next((word for word in words if word in _TOO_LONG), words[0] if words else "")
    return Fault(code=known, param=str(error.get("param") or ""), message=str(error.get("message") or ""))


def named(fault: Fault) -> str:
    """Return ` (server_error)`, or nothing where the code is no plain word."""
    plain = fault.code.replace("_", "").replace("-", "")
    return f" ({fault.code})" if plain.isascii() and plain.isalnum() and len(fault.code) <= _LONGEST_WORD else ""


def _fault_in(document: bytes) -> Fault:
    try:
        said = _object.validate_json(document)
    except ValidationError:
        return Fault()
    return fault_of(said.get("error") or said)
