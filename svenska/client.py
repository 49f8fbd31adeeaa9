"""A service over HTTP: answers as JSON, refusals and broken connections as `Failure`."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from httpx_sse import EventSource, SSEError

from svenska.address import Address
from svenska.exits import Exit, Failure, exit_for
from svenska.shell import printable

T = TypeVar("T")
Document = dict[str, Any]

_CONNECT_SECONDS = 5.0
_NO_SUCH_PATH = "Not Found"
"""What a service says of a path that it does not have; of a job or model it says more."""
_SILENT_SECONDS = 120.0
"""Without a byte; a stream of events carries a comment every ten seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    """`segment`, `done`, …"""
    data: Document
    """Its JSON."""
    id: str
    """For `Last-Event-ID`; empty where the service gives none."""


class Service:
    """One service; every method raises `Failure`."""

    def __init__(self, address: Address, http: httpx.Client) -> None:
        """Speak to `address` through `http`, which whoever made it closes."""
        self.address = address
        self._http = http

    def call(self, method: str, path: str, **options: Any) -> Document:  # noqa: ANN401 - httpx's own options
        """Return what a request is answered with; nothing (204) is an empty document."""
        with _faults(self.address):
            response = self._http.request(method, path, **options)
            _raise_refusal(response)
            return _document(response.json()) if response.content else {}

    def text(self, path: str, **options: Any) -> str:  # noqa: ANN401 - httpx's own options
        """Return what a GET is answered with, as it is."""
        with _faults(self.address):
            response = self._http.get(path, **options)
            _raise_refusal(response)
            return response.text

    @contextmanager
    def events(self, method: str, path: str, **options: Any) -> Iterator[Iterator[Event]]:  # noqa: ANN401 - httpx's
        """Open a stream of events; leaving the block ends it, and the work that feeds it."""
        with ExitStack() as stack:
            with _faults(self.address):
                response = stack.enter_context(self._http.stream(method, path, **options))
                if not response.is_success:
                    response.read()
                _raise_refusal(response)
            yield self._read(response)

    def _read(self, response: httpx.Response) -> Iterator[Event]:
        with _faults(self.address):
            for one in EventSource(response).iter_sse():
                yield Event(name=one.event, data=_document(json.loads(one.data or "{}")), id=one.id)


@contextmanager
def connected(address: Address, *, silent_seconds: float = _SILENT_SECONDS) -> Iterator[Service]:
    """Hold connections to a service for the length of the block; nothing is sent yet."""
    timeout = httpx.Timeout(silent_seconds, connect=_CONNECT_SECONDS)
    headers = address.headers
    with httpx.Client(base_url=address.url, headers=headers, timeout=timeout, trust_env=not address.loopback) as client:
        yield Service(address, client)


def patiently(
    work: Callable[[], T],
    *,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[Failure], None] = lambda _failure: None,
) -> T:
    """Return what `work` returns, asked again for up to `seconds` while the service says when to come back."""
    left = seconds
    while True:
        try:
            return work()
        except Failure as failure:
            if failure.retry_after is None or failure.retry_after > left:
                raise
            tell(failure)
            sleep(failure.retry_after)
            left -= max(failure.retry_after, 0.1)


def refusal(document: object, *, status: int, retry_after: str | None = None) -> Failure:
    """Return what a service's `{"error": …}` means for a command."""
    error = document.get("error") if isinstance(document, dict) else None
    fault = error if isinstance(error, dict) else {}
    code = str(fault.get("code", ""))
    exit_code = exit_for("unauthorized" if status == httpx.codes.UNAUTHORIZED else code, status)
    if exit_code is Exit.UNAUTHORIZED:
        return Failure(
            "The service does not accept this API key: set SVENSKA_API_KEY to one of its API_KEYS.",
            code="unauthorized",
            exit_code=exit_code,
        )
    if fault.get("message") == _NO_SUCH_PATH:
        return Failure(
            "The service there does not know what was asked: it is another one than --server should name.",
            code="not_a_service",
            exit_code=Exit.UNREACHABLE,
        )
    if not code:
        return Failure(
            "What answers there is not a Whisper Svenska service (HTTP {status}).",
            code="not_a_service",
            exit_code=Exit.UNREACHABLE,
            status=status,
        )
    return Failure(
        "{message}",
        code=code,
        exit_code=exit_code,
        retry_after=float(retry_after) if retry_after and retry_after.isdecimal() else None,
        message=printable(str(fault.get("message", code))),
    )


def unreachable(address: Address) -> Failure:
    """Return that nobody answers there."""
    return Failure(
        "No service answers at {url}: start it with `svenska serve all`, or name another with --server.",
        code="unreachable",
        exit_code=Exit.UNREACHABLE,
        url=address.url,
    )


def broken_off(address: Address) -> Failure:
    """Return that the connection ended in the middle."""
    return Failure(
        "The service at {url} broke off in the middle of its answer.",
        code="broken_off",
        exit_code=Exit.UNREACHABLE,
        url=address.url,
    )


def _raise_refusal(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        document: object = response.json()
    except ValueError:
        document = None
    raise refusal(document, status=response.status_code, retry_after=response.headers.get("retry-after"))


def _document(answer: object) -> Document:
    if not isinstance(answer, dict):
        raise TypeError
    return answer


@contextmanager
def _faults(address: Address) -> Iterator[None]:
    """Say what a transport's faults mean."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise unreachable(address) from error
    except httpx.TimeoutException as error:
        raise Failure(
            "The service at {url} is silent for too long.", code="timeout", exit_code=Exit.UNREACHABLE, url=address.url
        ) from error
    except (SSEError, ValueError, TypeError) as error:  # before the next one, which SSEError is as well
        raise Failure(
            "What answers at {url} is not the service that was asked for.",
            code="not_a_service",
            exit_code=Exit.UNREACHABLE,
            url=address.url,
        ) from error
    except (httpx.TransportError, httpx.StreamError) as error:
        raise broken_off(address) from error
