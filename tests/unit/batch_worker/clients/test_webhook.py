"""Webhooks are signed, and go to public addresses only."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator

import httpx
import pytest

from batch_worker.clients.webhook import Webhooks, public
from shared.errors import InvalidParameter

FORBIDDEN = (
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://localhost/",
    "http://169.254.169.254/latest/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/",
    "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://0.0.0.0/", "http://[fe80::1]/",
    "http://[fd00::1]/", "http://224.0.0.1/", "http://[64:ff9b::a00:1]/", "http://[::7f00:1]/", "http://[fec0::1]/",
)  # fmt: skip
NONSENSE = (
    "file:///etc/passwd", "ftp://example.com/", "//example.com", "example.com", "http://", "http://a b/",
    "http://user:secret@93.184.216.34/", "http://[::1", "http://1.1.1.1:99999/", "javascript:alert(1)",
)  # fmt: skip


def webhooks(handler: httpx.MockTransport | None = None, **changes: object) -> Webhooks:
    """Return a sender that reaches nobody."""
    http = httpx.AsyncClient(transport=handler or httpx.MockTransport(lambda _request: httpx.Response(200)))
    settings: dict[str, object] = {"secret": "s", "allow_private": False, "clock": lambda: 1234.5, **changes}
    return Webhooks(http, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", [*FORBIDDEN, *NONSENSE])
async def test_private_addresses_and_nonsense_are_refused(url: str) -> None:
    """However they are written, and names that resolve to one too."""
    with pytest.raises(InvalidParameter, match="webhook_url"):
        await webhooks().check(url)


async def test_private_addresses_may_be_allowed() -> None:
    """`WEBHOOK_ALLOW_PRIVATE=true`."""
    await webhooks(allow_private=True).check("http://127.0.0.1:1/")


async def test_a_public_address_is_taken() -> None:
    """No name server is needed for one that is a number."""
    await webhooks().check("https://93.184.216.34/hook")


async def test_a_webhook_is_signed_and_sent_to_the_address_that_was_looked_at() -> None:
    """The name stays in `Host` and in TLS, the connection goes to the number."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    assert await webhooks(httpx.MockTransport(answer), allow_private=True).send("http://localhost:8080/hook?a=1", b"{}")
    (request,) = seen
    assert request.url.host in {"127.0.0.1", "::1"}
    assert (request.headers["host"], request.url.raw_path) == ("localhost:8080", b"/hook?a=1")
    assert request.extensions["sni_hostname"] == "localhost"
    expected = hmac.new(b"s", b"1234.{}", hashlib.sha256).hexdigest()
    assert (request.headers["x-timestamp"], request.headers["x-signature"]) == ("1234", f"sha256={expected}")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
async def test_only_success_counts_and_redirects_are_not_followed(status: int) -> None:
    """A redirect could lead anywhere."""
    reply = httpx.Response(status, headers={"Location": "http://169.254.169.254/"})
    calls = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return reply

    assert not await webhooks(httpx.MockTransport(answer)).send("http://93.184.216.34/", b"{}")
    assert len(calls) == 1


async def test_a_host_that_moves_to_a_private_address_gets_nothing() -> None:
    """It is looked at again at every try."""
    calls = []
    sender = webhooks(httpx.MockTransport(lambda request: calls.append(request) or httpx.Response(200)))  # type: ignore[func-returns-value]
    assert not await sender.send("http://localhost/", b"{}")
    assert calls == []


@pytest.mark.parametrize(("address", "expected"), [("8.8.8.8", True), ("2606:4700::1111", True), ("::", False)])
def test_public_is_what_the_registries_call_global(address: str, *, expected: bool) -> None:
    """IANA's special-purpose registries, as `ipaddress` has them."""
    assert public(address) is expected


class Endless(httpx.AsyncByteStream):
    """A reply that never ends."""

    def __init__(self) -> None:
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield without end."""
        while self.sent < 1_000:
            self.sent += 1
            yield b"x" * 65_536


async def test_what_a_receiver_says_besides_its_status_is_not_read() -> None:
    """It could go on for ever, and in memory."""
    reply = Endless()
    sender = webhooks(httpx.MockTransport(lambda _request: httpx.Response(200, stream=reply)))
    assert await sender.send("http://93.184.216.34/", b"{}")
    assert reply.sent == 0


async def test_a_receiver_that_hangs_is_left() -> None:
    """After a bounded time, however it keeps the line busy."""

    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    sender = webhooks(httpx.MockTransport(hang), seconds=0.0)
    assert not await sender.send("http://93.184.216.34/", b"{}")


@pytest.mark.parametrize("url", ["http://93.184.216.34/\x7f", "http://93.184.216.34/a\x00b"])
async def test_a_url_that_cannot_be_asked_is_refused_at_the_door_and_fails_alone(url: str) -> None:
    """One in the store must not end the task that sends all others."""
    with pytest.raises(InvalidParameter, match="webhook_url"):
        await webhooks().check(url)
    assert not await webhooks().send(url, b"{}")


async def test_a_connection_is_not_kept_for_another_name_at_the_same_address() -> None:
    """Connections are known by their number; the certificate was looked at for one name only."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    await webhooks(httpx.MockTransport(answer)).send("https://93.184.216.34/", b"{}")
    assert seen[0].headers["connection"] == "close"
