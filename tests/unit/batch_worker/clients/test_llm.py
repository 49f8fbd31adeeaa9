"""The client of OpenAI-compatible servers: what it asks, what it takes for an answer, what each fault means."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from batch_worker.clients.llm import LlmClient, LlmOptions, address
from batch_worker.clients.refusals import seconds
from batch_worker.pipeline.language_model import ContextExceeded, LlmRefused, Question
from shared.errors import Busy, LlmUnavailable, SvenskaError, Timeout

SECRET = "Anna Bergs hemlighet"
QUESTION = Question(instructions="Sammanfatta.", material=SECRET, schema={"type": "object"}, answer_tokens=7)
Handler = Callable[[httpx.Request], httpx.Response]


def ask(handler: Handler, *, answer_seconds: float = 30, idle_seconds: float = 30, **more: object) -> str:
    """Ask once."""
    return asyncio.run(
        client(handler, answer_seconds=answer_seconds, idle_seconds=idle_seconds, **more).answer(QUESTION)
    )


def client(handler: Handler, **more: object) -> LlmClient:
    """Return a client that reaches nobody."""
    settings = {
        "url": "http://llm:1/v1", "model": "liten", "context_tokens": 512, "answer_seconds": 30, "idle_seconds": 30,
        **more,
    }  # fmt: skip
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return LlmClient(http, LlmOptions(**settings), clock=lambda: 1_000_000_000.0)


def says(status: int = 200, content: object = None, **headers: str) -> Handler:
    """Return a server that always answers so."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda _request: httpx.Response(status, content=body, headers=headers)


def whole(content: object = "svar", finish: str | None = "stop", **message: object) -> dict[str, object]:
    """Return an answer in one piece."""
    return {"choices": [{"index": 0, "message": {"content": content, **message}, "finish_reason": finish}]}


def stream(*words: str, finish: str | None = "stop", end: bytes = b"data: [DONE]\n\n") -> bytes:
    """Return an answer word by word, as servers stream it."""
    parts: list[object] = [{"choices": [{"delta": {"role": "assistant", "content": None}}]}]
    parts += [{"choices": [{"delta": {"content": word}, "finish_reason": None}]} for word in words]
    parts += [{"choices": [{"delta": {}, "finish_reason": finish}]}, {"choices": [], "usage": {"total_tokens": 3}}]
    return b": ping\n\n" + b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + end


class Drip(httpx.AsyncByteStream):
    """A body that comes in pieces and then, where it says so, stays open for ever."""

    def __init__(self, *pieces: bytes, hangs: bool = True) -> None:
        self._pieces = pieces
        self._hangs = hangs

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        for piece in self._pieces:
            yield piece
        if self._hangs:
            await asyncio.Event().wait()


# --- good answers


@pytest.mark.parametrize(
    "answer",
    [
        whole("ett två"),
        stream("ett", " ", "två"),
        stream("ett", " två").replace(b"\n", b"\r\n"),
        stream("ett två", end=b""),
        stream("ett två", finish=None),
        b"  \n" + json.dumps(whole("ett två")).encode(),
    ],
    ids=["in one piece", "streamed", "CRLF", "finished without [DONE]", "[DONE] without a reason", "space before"],
)
def test_whole_answers_are_taken_in_every_form(answer: object):
    """Streamed or not, whatever the server says of its content type."""
    assert ask(says(200, answer)) == "ett två"


def test_a_stream_that_stays_open_after_its_end_is_left():
    """Some servers send `[DONE]` and keep the connection."""
    body = stream("ett", " två")
    assert ask(lambda _request: httpx.Response(200, stream=Drip(body[:20], body[20:]))) == "ett två"


def test_the_question_is_put_as_the_protocol_says():
    """Roles, model, limits, schema and key; nothing of ours is added."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=whole())

    ask(answer, key="nyckel-å")
    (request,) = seen
    document = json.loads(request.content)
    assert (str(request.url), document["model"], document["max_tokens"]) == (
        "http://llm:1/v1/chat/completions", "liten", 7,
    )  # fmt: skip
    assert [one["role"] for one in document["messages"]] == ["system", "user"]
    assert document["messages"][1]["content"] == SECRET
    assert document["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert dict(request.headers.raw)[b"Authorization"] == "Bearer nyckel-å".encode()


@pytest.mark.parametrize(
    "url",
    ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "http://h:1/v1/chat/completions", " http://h:1 "],
)
def test_an_address_may_be_written_as_people_write_it(url: str):
    """With or without version, slash and path."""
    assert address(url) == "http://h:1/v1/chat/completions"


def test_another_base_path_is_kept():
    """Gateways have their own."""
    assert address("https://h/openai/deployments/x") == "https://h/openai/deployments/x/chat/completions"


# --- faults


def fault(**error: object) -> dict[str, object]:
    """Return an error reply that quotes the question, as some servers do."""
    return {"error": {"message": f"Bad: {SECRET}", **error}}


TOO_LONG = {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long", "n_ctx": 256}}


@pytest.mark.parametrize(
    ("status", "content", "error", "remedy"),
    [
        (200, b"<!doctype html><p>hello", LlmUnavailable, "LLM_URL"),
        (200, b"", LlmUnavailable, "LLM_URL"),
        (200, b"hello", LlmUnavailable, "LLM_URL"),
        (200, b"\xff\xfe\x00", LlmUnavailable, "LLM_URL"),
        (200, b"{", LlmUnavailable, "chat/completions"),
        (200, b"{" * 100_000, LlmUnavailable, "chat/completions"),
        (200, b"[]", LlmUnavailable, "LLM_URL"),
        (200, {"choices": []}, LlmUnavailable, "no choices"),
        (200, {"choices": None}, LlmUnavailable, "chat/completions"),
        (200, {}, LlmUnavailable, "no choices"),
        (200, whole(None), LlmUnavailable, "LLM_CONTEXT_TOKENS"),
        (200, whole(" \n"), LlmUnavailable, "LLM_CONTEXT_TOKENS"),
        (200, whole(5), LlmUnavailable, "chat/completions"),
        (200, whole("halvt", "length"), ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (200, whole("x", "content_filter"), LlmRefused, "LLM_MODEL"),
        (200, whole(None, refusal="no"), LlmRefused, "LLM_MODEL"),
        (200, fault(), LlmUnavailable, "failed"),
        (200, TOO_LONG, ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (200, stream("ett", finish=None, end=b""), LlmUnavailable, "broke off"),
        (200, stream("ett")[:-90], LlmUnavailable, "chat/completions|broke off"),
        (200, b"data: nonsense\n\n", LlmUnavailable, "chat/completions"),
        (200, b"data: [DONE]\n\n", LlmUnavailable, "no choices"),
        (200, stream(), LlmUnavailable, "empty"),
        (200, b"data: " + json.dumps(TOO_LONG).encode(), ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (200, b'error: {"code": 500, "message": "oops"}', LlmUnavailable, "broke off"),
        (302, b"", LlmRefused, "LLM_URL"),
        (401, fault(), LlmRefused, "LLM_API_KEY"),
        (403, b"", LlmRefused, "LLM_API_KEY"),
        (404, b"<html>", LlmRefused, "LLM_URL"),
        (404, fault(code="model_not_found"), LlmRefused, "LLM_MODEL"),
        (400, fault(code="model_not_found"), LlmRefused, "LLM_MODEL"),
        (400, fault(), LlmRefused, "LLM_MODEL"),
        (422, b"nonsense", LlmRefused, "LLM_MODEL"),
        (400, TOO_LONG, ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (500, TOO_LONG, ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (400, {"message": "This model's maximum context length is 5."}, ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (400, {"error": "the request exceeds the available context size"}, ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (413, b"", ContextExceeded, "LLM_CONTEXT_TOKENS"),
        (429, fault(code="insufficient_quota"), LlmRefused, "LLM_API_KEY"),
        (429, fault(), Busy, "room"),
        (503, b"<html>", Busy, "room"),
        (408, b"", Timeout, "too long"),
        (504, b"", Timeout, "too long"),
        (500, fault(type="server_error"), LlmUnavailable, r"500 \(server_error\)"),
        (502, b"<html>", LlmUnavailable, "502"),
    ],
)
def test_every_fault_says_what_it_is_and_what_would_help(
    status: int, content: object, error: type[SvenskaError], remedy: str
):
    """Its kind decides whether another try makes sense; nothing that the server says is repeated."""
    with pytest.raises(SvenskaError, match=remedy) as caught:
        ask(says(status, content))
    assert type(caught.value) is error
    assert SECRET not in repr(caught.value)
    assert caught.value.code in {"llm_unavailable", "timeout", "busy"}


def test_a_code_that_is_no_word_is_not_repeated():
    """A server could write anything there."""
    with pytest.raises(LlmUnavailable) as caught:
        ask(says(500, fault(code=SECRET)))
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError(SECRET), httpx.RemoteProtocolError(SECRET), httpx.ReadError(SECRET),
        httpx.UnsupportedProtocol(SECRET), httpx.DecodingError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_broken_transport_is_named_without_its_words(error: httpx.HTTPError):
    """What the library says may hold addresses."""

    def broken(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(LlmUnavailable, match=type(error).__name__) as caught:
        ask(broken)
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    ("body", "answer_seconds", "idle_seconds"),
    [
        (Drip(), 0.05, 30),
        (Drip(b": ping\n\n"), 0.05, 30),
        (Drip(stream("ett")[:60]), 30, 0.05),
        (Drip(stream("ett")[:60]), 0.05, 30),
    ],
    ids=["before the answer", "after a sign of life", "within the answer", "within it, the whole too slow"],
)
def test_a_server_that_hangs_is_left(body: Drip, answer_seconds: float, idle_seconds: float):
    """By the bound on the whole answer, or on the silence within it."""
    with pytest.raises(Timeout, match="LLM_TIMEOUT"):
        ask(lambda _request: httpx.Response(200, stream=body), answer_seconds=answer_seconds, idle_seconds=idle_seconds)


def test_silence_is_borne_longer_before_the_first_word():
    """A model reads the whole question first."""

    class Slow(Drip):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            """Give a sign of life, wait a moment, then say everything."""
            yield b": ping\n\n"
            await asyncio.sleep(0.02)
            yield stream("ett")

    assert ask(lambda _request: httpx.Response(200, stream=Slow()), idle_seconds=0.001) == "ett"


def test_an_endless_answer_is_not_listened_to():
    """Sixteen megabytes are no summary."""
    pieces = [b": " + b"x" * 999_998] * 17
    with pytest.raises(LlmUnavailable, match="no end"):
        ask(lambda _request: httpx.Response(200, stream=Drip(*pieces)))


# --- servers that understand less


def choosy(refuses: Callable[[dict[str, object]], object]) -> tuple[Handler, list[dict[str, object]]]:
    """Return a server that refuses some questions with 400, and what it was asked."""
    asked: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        document = json.loads(request.content)
        asked.append(document)
        error = refuses(document)
        return httpx.Response(400, json=error) if error else httpx.Response(200, json=whole())

    return answer, asked


def test_a_server_without_schemas_is_asked_more_plainly_and_remembered():
    """First for JSON, then in words alone; the next question begins there."""
    handler, asked = choosy(lambda document: "response_format" in document and fault(param="response_format"))
    asker = client(handler)

    async def twice() -> None:
        await asker.answer(QUESTION)
        await asker.answer(QUESTION)

    asyncio.run(twice())
    forms = [document.get("response_format", {}).get("type") for document in asked]  # type: ignore[attr-defined]
    assert forms == ["json_schema", "json_object", None, None]


def test_a_server_with_another_name_for_the_limit_is_understood():
    """Newer models take `max_completion_tokens`, and no temperature."""

    def refuses(document: dict[str, object]) -> object:
        if "max_tokens" in document:
            return {
                "error": {"message": "Unsupported parameter", "param": "max_tokens", "code": "unsupported_parameter"}
            }
        return "temperature" in document and {"error": {"message": "Unsupported value: 'temperature'"}}

    handler, asked = choosy(refuses)
    asyncio.run(client(handler).answer(QUESTION))
    assert asked[-1]["max_completion_tokens"] == 7
    assert asked[-1]["response_format"]["type"] == "json_schema"  # type: ignore[index]


def test_a_server_that_takes_nothing_is_asked_a_few_times_only():
    """Each form once."""
    handler, asked = choosy(lambda _document: fault(message="max_tokens temperature"))
    with pytest.raises(LlmRefused):
        asyncio.run(client(handler).answer(QUESTION))
    assert len(asked) == 5


# --- Retry-After


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7), ("0", 1), ("-3", 1), ("", 1), (None, 1), ("soon", 1), ("1e9", 1), ("99999999999999999999", 3600),
        ("Sun, 09 Sep 2001 01:47:40 GMT", 60), ("Sun, 09 Sep 2001 01:47:40 -0000", 60),
        ("Sun, 09 Sep 2001 01:00:00 GMT", 1), ("٣", 1),
    ],
)  # fmt: skip
def test_a_server_may_say_when_to_come_back(header: str | None, expected: int):
    """In seconds or as a date; nonsense is a second, and nothing is longer than an hour."""
    assert seconds(header, now=1_000_000_000.0) == expected


def test_the_wait_travels_with_the_fault():
    """Whoever asks again waits so long."""
    with pytest.raises(Busy) as caught:
        ask(says(429, fault(), **{"Retry-After": "7"}))
    assert caught.value.retry_after == 7
