"""The wire of `/chat/completions`: what is asked, what an answer must be, what a refusal means; pure.

Servers that call themselves OpenAI-compatible differ in what they understand, in how they say no, and in what they
send with status 200. Nothing that a server says is repeated in an error: it may quote the question.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from batch_worker.pipeline.language_model import ContextExceeded, LlmRefused, Question
from shared.errors import Busy, LlmUnavailable, SvenskaError, Timeout

_TEMPERATURE = 0.2
_LONGEST_WAIT = 3600
"""Seconds; what a server asks for beyond it is not believed."""
_TOO_LONG = frozenset({"exceed_context_size_error", "context_length_exceeded"})
_TOO_LONG_SAID = ("context length", "context size", "context window", "maximum context", "too many tokens")
_SERVER_FAULTS = 500
_NO_KEY = LlmRefused("The LLM server asks for another key: set LLM_API_KEY.")
_NOWHERE = LlmRefused("The LLM server has no such address or no such model: set LLM_URL and LLM_MODEL.")
_SLOW = Timeout("The LLM server says that it took too long.")
_LATE = LlmUnavailable("The LLM server could not take the question now.")
_LONG = ContextExceeded(
    "The question is longer than what the language model can read: set LLM_CONTEXT_TOKENS to what the server has."
)
_STATUS: dict[int, SvenskaError] = {
    401: _NO_KEY, 403: _NO_KEY, 404: _NOWHERE, 408: _SLOW, 409: _LATE, 413: _LONG, 425: _LATE, 504: _SLOW,
}  # fmt: skip
"""What a status means, whatever else is said."""
_FINAL: dict[str, SvenskaError] = {
    "model_not_found": _NOWHERE,
    "insufficient_quota": LlmRefused("The account behind LLM_API_KEY has nothing left to spend."),
}
"""What a word for programs means, whatever the status."""
_FORMATS: tuple[Literal["json_schema", "json_object", "text"], ...] = ("json_schema", "json_object", "text")


# --- what is asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """What a server understands; the richest one is tried first."""

    form: Literal["json_schema", "json_object", "text"] = "json_schema"
    """How the shape of the answer is asked for, besides in words."""
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the longest answer is called."""
    temperature: bool = True
    """Whether it may be set."""


def body(question: Question, model: str, dialect: Dialect) -> dict[str, Any]:
    """Return a question as JSON-ready values."""
    document: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.material},
        ],
        dialect.limit: question.answer_tokens,
        "stream": True,
    }
    if dialect.temperature:
        document["temperature"] = _TEMPERATURE
    if dialect.form == "json_schema":
        schema = {"name": "answer", "strict": True, "schema": dict(question.schema)}
        document["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif dialect.form == "json_object":
        document["response_format"] = {"type": "json_object"}
    return document


def plainer(dialect: Dialect, fault: "Fault") -> Dialect | None:
    """Return what to try after a server did not take a question, or None where nothing is left to leave out."""
    said = f"{fault.param} {fault.message}"
    if "max_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    if "temperature" in said and dialect.temperature:
        return replace(dialect, temperature=False)
    place = _FORMATS.index(dialect.form) + 1
    return replace(dialect, form=_FORMATS[place]) if place < len(_FORMATS) else None


# --- what comes back


class NotTaken(Exception):
    """The server does not understand the question as it was put."""

    def __init__(self, fault: "Fault") -> None:
        """Keep what it says about it."""
        super().__init__()
        self.fault = fault


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


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None


class _Reply(BaseModel):
    choices: list[_Choice] = []
    error: Any = None


_object = TypeAdapter(dict[str, Any])


def answer(document: bytes) -> str:
    """Return the text of a reply with status 200, streamed or not.

    Raises `LlmUnavailable` for anything that is not a whole answer (HTML, no JSON, no choices, an empty text, a
    stream that ends early), `ContextExceeded` for one that was cut at the length limit, `LlmRefused` for a refusal.
    """
    start = document.lstrip()[:16]
    if start.startswith(b"{"):
        replies = [_reply(document)]
        ended = True
    elif start.startswith((b"data:", b":", b"event:", b"error:", b"id:", b"retry:")):
        payloads = list(_payloads(document))
        replies = [_reply(payload) for payload in payloads if payload != b"[DONE]"]
        ended = b"[DONE]" in payloads
    else:
        kind = "HTML" if start[:1] == b"<" else "something else" if start else "nothing"
        raise LlmUnavailable(f"The LLM server answered with {kind} instead of JSON: see that LLM_URL is its API.")
    return _text(replies, ended=ended)


def _payloads(document: bytes) -> Iterator[bytes]:
    for line in document.split(b"\n"):
        name, _colon, value = line.strip().partition(b":")
        if name in {b"data", b"error"} and value.strip():
            yield value.strip()


def _reply(document: bytes) -> _Reply:
    try:
        reply = _Reply.model_validate_json(document)
    except ValidationError:
        raise LlmUnavailable("The LLM server's answer is not what /chat/completions says.") from None
    if reply.error:
        fault = _fault(reply.error)
        raise (
            ContextExceeded(_LONG.message)
            if fault.too_long
            else LlmUnavailable(f"The LLM server failed{_named(fault)}.")
        )
    return reply


def _text(replies: list[_Reply], *, ended: bool) -> str:
    choices = [reply.choices[0] for reply in replies if reply.choices]
    if not choices and ended:
        raise LlmUnavailable("The LLM server's answer has no choices.")
    reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
    said = [part for choice in choices if (part := choice.message or choice.delta)]
    if any(part.refusal for part in said) or "content_filter" in reasons:
        raise LlmRefused("The language model refuses to summarize this text. Another LLM_MODEL may do it.")
    if "length" in reasons:
        raise ContextExceeded(
            "The language model's answer is longer than it may be. See that LLM_CONTEXT_TOKENS is what the server "
            "has, and that LLM_MODEL does not think aloud."
        )
    if not reasons and not ended:
        raise LlmUnavailable("The LLM server broke off in the middle of its answer.")
    text = "".join(part.content or "" for part in said)
    if not text.strip():
        raise LlmUnavailable(
            "The language model's answer is empty. See that LLM_CONTEXT_TOKENS is not more than the server has."
        )
    return text


# --- refusals


def refusal(status: int, document: bytes, *, retry_after: str | None, now: float) -> SvenskaError | NotTaken:
    """Return what a reply with another status than 200 means; `now` in seconds since 1970, for dates in headers."""
    fault = _fault_in(document)
    if fault.too_long:
        return ContextExceeded(_LONG.message)
    if status in {429, 503} and fault.code not in _FINAL:
        return Busy("The LLM server has no room now.", retry_after=seconds(retry_after, now=now))
    if status in {400, 422, 501} and fault.code not in _FINAL:
        return NotTaken(fault)
    error = _FINAL.get(fault.code) or _STATUS.get(status)
    if error is not None:
        return type(error)(error.message)
    message = f"The LLM server answered with {status}{_named(fault)}"
    return LlmUnavailable(f"{message}.") if status >= _SERVER_FAULTS else LlmRefused(f"{message}: see LLM_URL.")


def not_taken(fault: Fault) -> LlmRefused:
    """Return the error for a question that a server takes in no dialect."""
    return LlmRefused(f"The LLM server does not take the question{_named(fault)}: see that LLM_MODEL is a chat model.")


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


def _fault_in(document: bytes) -> Fault:
    try:
        said = _object.validate_json(document)
    except ValidationError:
        return Fault()
    return _fault(said.get("error") or said)


def _fault(error: object) -> Fault:
    if not isinstance(error, dict):
        return Fault(message=error if isinstance(error, str) else "")
    codes = [value for name in ("code", "type") if isinstance(value := error.get(name), str)]
    known = next((code for code in codes if code in _TOO_LONG), codes[0] if codes else "")
    return Fault(code=known, param=str(error.get("param") or ""), message=str(error.get("message") or ""))


def _named(fault: Fault) -> str:
    plain = fault.code.replace("_", "").replace("-", "")
    return f" ({fault.code})" if plain.isascii() and plain.isalnum() and len(fault.code) <= 40 else ""  # noqa: PLR2004
