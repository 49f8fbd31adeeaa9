"""The api_server as `pipeline.base.Asr`: one of several, the one with the least to do; its events as they come."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import httpx
import structlog
from httpx_sse import EventSource, SSEError
from pydantic import ValidationError

from batch_worker.pipeline.base import Advanced, AsrEvent, AsrRequest, Finished, Heard, SecondHearing, Span
from shared import errors
from shared.transcript import segment_from_json, transcript_from_json

log = structlog.stdlib.get_logger("asr")

_CONNECT_SECONDS = 5.0
_AVOIDED_SECONDS = 10.0
"""How long an endpoint that failed is only asked when no other is left."""
_SLOWEST = 10.0
"""Seconds that a retry model on a busy CPU may take for a second of speech; it says nothing until it has done."""
_LONGEST_PAUSE = 300
"""Seconds of `Retry-After` that are believed; what a proxy names may have nothing to do with the server."""
_VERDICTS: dict[str, type[errors.SvenskaError]] = {
    kind.code: kind
    for kind in (
        errors.MissingFile, errors.EmptyAudio, errors.UnsupportedAudio, errors.UploadTooLarge, errors.AudioTooLong,
        errors.ModelNotFound,
    )
}  # fmt: skip
"""What the server says of the recording itself: final, wherever it is sent."""


@dataclass(slots=True)
class _Endpoint:
    url: str
    outstanding: int = 0
    avoided_until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """Where api_servers are, and what each is doing for us."""

    urls: Sequence[str]
    """`http://host:port`, no slash at the end; at least one."""
    clock: Callable[[], float] = time.monotonic
    _all: list[_Endpoint] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Know nothing bad of any."""
        self._all.extend(_Endpoint(url) for url in self.urls)

    def choose(self) -> _Endpoint:
        """Return the one with the least to do, those that failed lately last; among equals who failed longest ago."""
        now = self.clock()
        return min(self._all, key=lambda one: (one.avoided_until > now, one.outstanding, one.avoided_until))

    def avoid(self, endpoint: _Endpoint, seconds: float = _AVOIDED_SECONDS) -> None:
        """Ask the others first for a while."""
        endpoint.avoided_until = self.clock() + seconds


class AsrClient:
    """Implements `pipeline.base.Asr`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        endpoints: Endpoints,
        retry_endpoints: Endpoints | None = None,
        *,
        key: str | None,
    ) -> None:
        """Ask `endpoints`, and `retry_endpoints` for second hearings, over `http`; `key` is the server's API key."""
        self._http = http
        self._endpoints = endpoints
        self._retry_endpoints = retry_endpoints or endpoints
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    @asynccontextmanager
    async def transcribe(self, request: AsrRequest) -> AsyncIterator[AsyncIterator[AsrEvent]]:
        """Open the event stream of one recording; leaving the context ends the decode on the server."""
        endpoint = self._endpoints.choose()
        with _recording(request) as file, _outstanding(self._endpoints, endpoint):
            asked = self._http.build_request(
                "POST",
                f"{endpoint.url}/transcribe",
                data=_fields(request),
                files={"file": ("recording", file)},
                headers=self._headers | {"X-Request-ID": request.job_id},
            )
            response = await self._http.send(asked, stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    raise _refusal(response)
                yield _events(response)
            finally:  # httpcore forgets a connection whose closing is itself cancelled, and the server decodes on
                await asyncio.shield(response.aclose())

    async def retry(self, request: AsrRequest, spans: Sequence[Span]) -> SecondHearing:
        """Have some spans decoded again by the server's retry model."""
        endpoint = self._retry_endpoints.choose()
        wanted = [{"id": span.id, "start": span.start, "end": span.end} for span in spans]
        fields = {"segments": json.dumps(wanted)} | _only(
            language=request.language,
            model=request.options.model,
            prompt=request.options.prompt,
            beam_size=request.options.beam_size,
            word_timestamps=request.options.word_timestamps,
        )
        with _recording(request) as file, _outstanding(self._retry_endpoints, endpoint):
            response = await self._http.post(
                f"{endpoint.url}/transcribe/retry",
                data=fields,
                files={"file": ("recording", file)},
                headers=self._headers | {"X-Request-ID": request.job_id},
                timeout=self._hearing_time(sum(span.end - span.start for span in spans)),
            )
        if not response.is_success:
            raise _refusal(response)
        try:
            answer = response.json()
            segments = tuple(segment_from_json(one) for one in answer["segments"])
            return SecondHearing(model=str(answer["model"]), segments=segments)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.AsrUnavailable("The ASR server's answer is not what an api_server says.") from error

    def _hearing_time(self, seconds: float) -> httpx.Timeout:
        usual = self._http.timeout
        read = None if usual.read is None else usual.read + _SLOWEST * seconds
        return httpx.Timeout(connect=usual.connect, read=read, write=usual.write, pool=usual.pool)


def http_client(timeout: float) -> httpx.AsyncClient:
    """Return the connections that the clients share; `timeout` in seconds without a byte."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout, connect=min(_CONNECT_SECONDS, timeout), pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
        trust_env=False,
    )


@contextmanager
def _recording(request: AsrRequest) -> Iterator[BinaryIO]:
    try:
        with request.recording.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise errors.Expired("The audio of this job is no longer stored. Send it again as a new job.") from error


@contextmanager
def _outstanding(endpoints: Endpoints, endpoint: _Endpoint) -> Iterator[None]:
    """Count a request while it lasts, and say what its transport's faults mean."""
    endpoint.outstanding += 1
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        endpoints.avoid(endpoint)
        raise errors.Unreachable("The ASR server cannot be reached.") from error
    except httpx.TimeoutException as error:
        endpoints.avoid(endpoint)
        raise errors.Timeout("The ASR server did not answer in time.") from error
    except (httpx.TransportError, httpx.StreamError, SSEError) as error:
        endpoints.avoid(endpoint)
        raise errors.AsrUnavailable(f"The ASR server broke off ({type(error).__name__}).") from error
    except errors.AsrUnavailable:
        endpoints.avoid(endpoint)
        raise
    except errors.TryLater as later:
        endpoints.avoid(endpoint, later.retry_after)
        raise
    finally:
        endpoint.outstanding -= 1


def _fields(request: AsrRequest) -> dict[str, str]:
    options = request.options
    return _only(
        lane="batch",
        stream=True,
        start=request.start or None,
        language=request.language,
        task=options.task,
        model=options.model,
        prompt=options.prompt,
        hotwords=options.hotwords,
        word_timestamps=options.word_timestamps,
        vad_filter=options.vad_filter,
        beam_size=options.beam_size,
        temperature=options.temperature,
    )


def _only(**fields: object) -> dict[str, str]:
    """Return the fields that say something, as a form spells them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
        if value is not None
    }


async def _events(response: httpx.Response) -> AsyncIterator[AsrEvent]:
    try:
        async for event in EventSource(response).aiter_sse():
            data = json.loads(event.data)
            if event.event == "segment":
                yield Heard(segment=segment_from_json(data), progress=float(data.get("progress", 0.0)))
            elif event.event == "progress":
                yield Advanced(progress=float(data["progress"]))
            elif event.event == "done":
                yield Finished(transcript=transcript_from_json(data))
                return
            elif event.event == "error":
                raise _verdict(data, status=500)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise errors.AsrUnavailable("The ASR server's events are not what an api_server says.") from error
    raise errors.AsrUnavailable("The ASR server broke off in the middle of its answer.")


def _refusal(response: httpx.Response) -> errors.SvenskaError:
    try:
        document: Any = response.json()
    except ValueError:
        document = None
    return _verdict(document, status=response.status_code, retry_after=response.headers.get("retry-after"))


def _verdict(document: object, *, status: int, retry_after: str | None = None) -> errors.SvenskaError:
    """Return what an error reply or event means for the job."""
    error = document.get("error") if isinstance(document, Mapping) else None
    fault: Mapping[str, Any] = error if isinstance(error, Mapping) else {}
    code, message = str(fault.get("code", "")), str(fault.get("message", ""))
    detail = fault.get("detail")
    if code in _VERDICTS:
        return _VERDICTS[code](message)
    if code == "invalid_parameter" and isinstance(detail, Mapping):
        return errors.InvalidParameter(
            str(detail.get("field", "")), expected=str(detail.get("expected", "")), got=detail.get("got", "")
        )
    if code in {"busy", "model_loading"} or status == httpx.codes.SERVICE_UNAVAILABLE:
        seconds = int(retry_after) if retry_after and retry_after.isdecimal() else 1
        return errors.Busy(message or "The ASR server is busy.", retry_after=min(_LONGEST_PAUSE, max(1, seconds)))
    if status == httpx.codes.UNAUTHORIZED:
        return errors.AsrUnavailable("The ASR server asks for another API key: set WHISPER_API_KEY.")
    return errors.AsrUnavailable(f"The ASR server answered with {status}{f' ({code})' if code else ''}.")
