"""A service that answers what a test says, without a network."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from svenska.address import Address
from svenska.client import Service

HERE = Address(url="http://127.0.0.1:1")
Handler = Callable[[httpx.Request], httpx.Response]


@contextmanager
def answering(handler: Handler) -> Iterator[Service]:
    """Lend a service whose requests go to `handler`."""
    with httpx.Client(base_url=HERE.url, transport=httpx.MockTransport(handler)) as client:
        yield Service(HERE, client)


def refusing(status: int, code: str, message: str = "No.", **headers: str) -> httpx.Response:
    """Return a refusal as the services write it."""
    return httpx.Response(status, json={"error": {"code": code, "message": message}}, headers=headers)


def events(*pairs: tuple[str, dict[str, Any]], broken: bool = False) -> httpx.Response:
    """Return a stream of events, numbered from 1, that breaks off at its end where `broken`."""

    def body() -> Iterator[bytes]:
        for number, (name, data) in enumerate(pairs, start=1):
            yield f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
        if broken:
            raise httpx.RemoteProtocolError("peer closed connection")

    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body())
