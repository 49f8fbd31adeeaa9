"""The wire of `/chat/completions`: what is asked, and what an answer must be; pure.

Servers that call themselves OpenAI-compatible differ in what they understand and in what they send with status 200.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from batch_worker.clients.refusals import Fault, fault_of, named, too_long
from batch_worker.pipeline.language_model import ContextExceeded, LlmRefused, Question
from shared.errors import LlmUnavailable

_TEMPERATURE = 0.2
_FORMATS: tuple[Literal["json_schema", "json_object", "text"], ...] = ("json_schema", "json_object", "text")
_STREAM = (b"data:", b":", b"event:", b"error:", b"id:", b"retry:")
"""How an event stream may begin."""


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


def plainer(dialect: Dialect, fault: Fault) -> Dialect | None:
    """Return what to try after a server did not take a question, or None where nothing is left to leave out."""
    said = f"{fault.param} {fault.message}"
    if "max_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    if "temperature" in said and dialect.temperature:
        return replace(dialect, temperature=False)
    place = _FORMATS.index(dialect.form) + 1
    return replace(dialect, form=_FORMATS[place]) if place < len(_FORMATS) else None


# --- what comes back


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


def answer(document: bytes) -> str:
    """Return the text of a reply with status 200, streamed or not.

    Raises `LlmUnavailable` for anything that is not a whole answer (HTML, no JSON, no choices, an empty text, a
    stream that ends early), `ContextExceeded` for one that was cut at the length limit, `LlmRefused` for a refusal.
    """
    start = document.lstrip()[:16]
    if start.startswith(b"{"):
        return _text([_reply(document)], ended=True)
    if start.startswith(_STREAM):
        payloads = list(_payloads(document))
        replies = [_reply(payload) for payload in payloads if payload != b"[DONE]"]
        return _text(replies, ended=b"[DONE]" in payloads)
    kind = "HTML" if start[:1] == b"<" else "something else" if start else "nothing"
    raise LlmUnavailable(f"The LLM server answered with {kind} instead of JSON: see that LLM_URL is its API.")


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
        fault = fault_of(reply.error)
        raise too_long() if fault.too_long else LlmUnavailable(f"The LLM server failed{named(fault)}.")
    return reply


def _text(replies: Sequence[_Reply], *, ended: bool) -> str:
    choices = [reply.choices[0] for reply in replies if reply.choices]
    if not choices and ended:
        raise LlmUnavailable("The LLM server's answer has no choices.")
    reasons = {choice.finish_reason for choice in choices if choice.finish_reason}
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
