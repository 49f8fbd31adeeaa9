"""Which of several api_servers is asked."""

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from batch_worker.clients.asr import AsrClient, Endpoints, http_client
from batch_worker.pipeline.base import AsrRequest, LeaseLost, Span
from batch_worker.pipeline.options import JobOptions
from shared.errors import Busy

URLS = ("http://one", "http://two")


class Clock:
    """Time as the test says it."""

    now = 100.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


async def test_a_server_that_is_busy_is_not_asked_again_before_the_others(tmp_path: Path) -> None:
    """Its `Retry-After` is over when the job comes back, and still another may be free."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(503, headers={"Retry-After": "5"}, json={"error": {"code": "busy", "message": "Full."}})

    recording = tmp_path / "a"
    recording.write_bytes(b"x")
    request = AsrRequest(job_id="j", recording=recording, language=None, options=JobOptions())
    clock = Clock()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        asr = AsrClient(http, Endpoints(urls=URLS, clock=clock), key=None)
        for _ in range(4):
            with pytest.raises(Busy):
                async with asr.transcribe(request):
                    pass
            clock.now += 6.0
    assert asked == ["one", "two", "one", "two"]


@pytest.mark.parametrize(("asked", "expected"), [("7", 7), ("0", 1), ("86400", 300), ("soon", 1), (None, 1)])
async def test_a_pause_that_is_asked_for_is_believed_within_reason(
    tmp_path: Path, asked: str | None, expected: int
) -> None:
    """A day's pause that some proxy names would use up all the time that a job has."""
    recording = tmp_path / "a"
    recording.write_bytes(b"x")
    request = AsrRequest(job_id="j", recording=recording, language=None, options=JobOptions())
    headers = {} if asked is None else {"Retry-After": asked}
    transport = httpx.MockTransport(lambda _request: httpx.Response(503, headers=headers))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(Busy) as caught:
            async with AsrClient(http, Endpoints(urls=URLS), key=None).transcribe(request):
                pass
    assert caught.value.retry_after == expected


def test_the_one_with_the_least_to_do_is_asked_and_one_that_failed_last() -> None:
    """Until its time of avoidance is over."""
    clock = Clock()
    endpoints = Endpoints(urls=URLS, clock=clock)
    first = endpoints.choose()
    first.outstanding += 1
    second = endpoints.choose()
    assert (first.url, second.url) == URLS
    endpoints.avoid(second)
    assert endpoints.choose() is first
    clock.now += 11.0
    assert endpoints.choose() is second


async def test_a_second_hearing_has_time_for_a_large_model_on_a_slow_machine(tmp_path: Path) -> None:
    """It is silent until it has decoded: ten seconds more for every second of its passages."""
    allowed: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        allowed.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, json={"model": "large", "segments": []})

    recording = tmp_path / "a"
    recording.write_bytes(b"x")
    request = AsrRequest(job_id="j", recording=recording, language=None, options=JobOptions())
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), timeout=60) as http:
        asr = AsrClient(http, Endpoints(urls=URLS), key=None)
        await asr.retry(request, [Span(id=0, start=1.0, end=21.0), Span(id=1, start=30.0, end=35.0)])
    assert allowed == [60 + 250]


@pytest.mark.parametrize("turns", range(8))
async def test_a_request_is_closed_although_its_task_is_cancelled_while_it_closes(tmp_path: Path, turns: int) -> None:
    """A lost lease ends the stage, and the caller's cancellation comes a moment later."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        data = b'event: progress\ndata: {"progress": 0.5}\n\n'
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        with contextlib.suppress(ConnectionError):
            while await reader.read(65536):
                pass
        gone.set()
        writer.close()

    async def work(asr: AsrClient) -> None:
        async with asr.transcribe(request) as events:
            async for _event in events:
                heard.set()
                raise LeaseLost

    recording = tmp_path / "a"
    recording.write_bytes(b"x")
    request = AsrRequest(job_id="j", recording=recording, language=None, options=JobOptions())
    heard = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, http_client(10) as http:
        task = asyncio.create_task(work(AsrClient(http, Endpoints(urls=(url,)), key=None)))
        await heard.wait()
        for _turn in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(gone.wait(), 20)
