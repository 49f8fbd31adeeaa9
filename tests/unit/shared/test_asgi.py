import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog

from shared.asgi import App, BodyLimit, Message, Receive, RequestContext, Scope, Send
from shared.errors import Cancelled, MalformedBody, UploadTooLarge


def scope(headers: dict[str, str] | None = None, kind: str = "http") -> dict[str, Any]:
    """Return a request's scope."""
    pairs = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return {"type": kind, "method": "POST", "path": "/jobs/7", "headers": pairs}


def body(*chunks: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a `receive` that brings those chunks."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    rest = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(rest)

    return receive


async def reader(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, then answer 200."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def called(app: App, headers: dict[str, str] | None = None, *chunks: bytes, kind: str = "http") -> list[Message]:
    """Return what the app sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope(headers, kind), body(*chunks), send)
    return sent


def header(message: Message, name: bytes) -> str:
    """Return a header of a reply."""
    values: dict[bytes, bytes] = dict(message["headers"])
    return values[name].decode()


@pytest.mark.parametrize("stated", [{}, {"Content-Length": "no number"}])
async def test_a_body_up_to_the_limit_passes(stated: dict[str, str]) -> None:
    """Exactly the limit is not too much."""
    assert (await called(BodyLimit(reader, 10), stated, b"12345", b"67890"))[0]["status"] == 200


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    """The Content-Length is enough."""
    with pytest.raises(UploadTooLarge) as refused:
        await called(BodyLimit(reader, 10), {"Content-Length": "11"})
    assert refused.value.detail == {"limit_bytes": 10}


async def test_a_body_that_keeps_its_length_to_itself_is_counted() -> None:
    """Chunked, or a lie."""
    with pytest.raises(UploadTooLarge):
        await called(BodyLimit(reader, 10), {"Content-Length": "3"}, b"123456", b"789012")


CHUNKED = {"Transfer-Encoding": "chunked"}


async def gone() -> dict[str, Any]:
    """Say that the client has gone."""
    return {"type": "http.disconnect"}


async def never() -> dict[str, Any]:
    """Bring nothing, as a client does whose machine has gone."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_body_that_stops_coming_is_given_up() -> None:
    """Its file and its connection would be kept for ever."""
    with pytest.raises(MalformedBody, match="Nothing more"):
        await BodyLimit(reader, 10, patience=0)(scope(CHUNKED), never, lambda _message: asyncio.sleep(0))


@pytest.mark.parametrize("headers", [CHUNKED, {"Content-Length": "4"}])
async def test_a_client_that_goes_while_it_sends_has_cancelled(headers: dict[str, str]) -> None:
    """It sent nothing wrong."""
    with pytest.raises(Cancelled):
        await BodyLimit(reader, 10)(scope(headers), gone, lambda _message: asyncio.sleep(0))


async def test_a_client_that_had_nothing_to_send_may_go() -> None:
    """Whoever answers it hears so and ends."""
    heard: list[Message] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        heard.append(await receive())

    await BodyLimit(app, 10)(scope(), gone, lambda _message: asyncio.sleep(0))
    assert heard == [{"type": "http.disconnect"}]


async def test_a_body_that_is_there_makes_nobody_hurry() -> None:
    """Behind it, `receive` tells when the client has gone: that may take as long as the decode."""

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        waiting = asyncio.create_task(receive())
        done, _waiting = await asyncio.wait({waiting}, timeout=0.05)
        waiting.cancel()
        assert not done

    arrived = iter([{"type": "http.request", "body": b"1234", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(arrived, None) or await never()

    await BodyLimit(app, 10, patience=0.01)(scope(CHUNKED), receive, lambda _message: asyncio.sleep(0))


async def test_a_socket_is_logged_without_its_query() -> None:
    """Browsers send their key in it."""

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        return

    opening = {**scope(kind="websocket"), "query_string": b"api_key=hemlig"}
    with structlog.testing.capture_logs() as logged:
        await RequestContext(app, lambda *_counted: None)(opening, never, lambda _message: asyncio.sleep(0))
    assert [(line["event"], line["path"]) for line in logged] == [("websocket", "/jobs/7")]
    assert "hemlig" not in str(logged)


async def test_a_socket_has_no_body() -> None:
    """WebSockets and the lifespan pass through."""
    assert await called(BodyLimit(reader, 0), {"Content-Length": "99"}, kind="websocket")


async def test_a_callers_request_id_comes_back_and_is_logged() -> None:
    """In the reply's header, in the scope, on every log line of the request, and nowhere after it."""
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(structlog.contextvars.get_contextvars(), state=scope["state"]["request_id"])
        await reader(scope, receive, send)

    (start,) = await called(RequestContext(app, lambda *_: None), {"X-Request-ID": "abc-1"})
    assert header(start, b"x-request-id") == seen["request_id"] == seen["state"] == "abc-1"
    assert "request_id" not in structlog.contextvars.get_contextvars()


async def test_a_forged_request_id_is_replaced() -> None:
    """What could break a log line is not taken over; each request without an id has its own."""
    context = RequestContext(reader, lambda *_: None)
    ids = {header((await called(context, sent))[0], b"x-request-id") for sent in ({"X-Request-ID": "a b"}, {}, {})}
    assert len(ids) == 3
    assert "a b" not in ids


async def test_each_request_is_observed_once_by_its_route() -> None:
    """Also one that fails, as a 500; paths that match no route share one name."""
    told: list[tuple[str, str, int]] = []

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    def observe(method: str, route: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        told.append((method, route, status))

    await called(RequestContext(reader, observe))
    with pytest.raises(ZeroDivisionError):
        await called(RequestContext(broken, observe))
    await called(RequestContext(reader, observe), kind="websocket")
    assert told == [("POST", "unmatched", 200), ("POST", "unmatched", 500)]


async def test_a_failure_is_logged_under_the_requests_id() -> None:
    """The reply sends people to the log with it."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    merge = structlog.contextvars.merge_contextvars
    with structlog.testing.capture_logs(processors=[merge]) as lines, pytest.raises(ZeroDivisionError):
        await called(RequestContext(broken, lambda *_: None), {"X-Request-ID": "abc-1"})
    (failure,) = (line for line in lines if line["event"] == "request failed")
    assert (failure["request_id"], failure["exc_info"]) == ("abc-1", True)
