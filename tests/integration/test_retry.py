"""The retry stage against a real api_server, and against one that fails in every way."""

import asyncio
import json
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from batch_worker.clients.asr import AsrClient, Endpoints, http_client
from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.build import Stages
from batch_worker.pipeline.draft import Doubt, Draft
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.runner import StageRecord, run_stages
from batch_worker.pipeline.stages.retry import Retry
from shared.errors import AsrUnavailable, Busy, Cancelled, SvenskaError, Timeout
from shared.transcript import Transcript, join_text, transcript_from_json
from tests import clips
from tests.integration.talking import post
from tests.unit.batch_worker.pipeline.test_itn import segment

NOBODY = "http://127.0.0.1:9"
Answer = tuple[int, bytes, dict[str, str]] | str


def heard(
    text: str = "Klockan är tre.", *, confidence: float = 0.9, count: int = 1
) -> tuple[int, bytes, dict[str, str]]:
    """Return a good answer."""
    segment = {
        "id": 0, "start": 0.0, "end": 1.0, "text": text, "language": "sv", "avg_logprob": -0.1, "no_speech_prob": 0.0,
        "compression_ratio": 1.0, "temperature": 0.0, "confidence": confidence,
    }  # fmt: skip
    return 200, json.dumps({"model": "stor", "segments": [segment] * count}).encode(), {}


@dataclass(slots=True)
class Stub:
    """An api_server that does as it is told."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(*answers: Answer) -> Iterator[Stub]:
    """Serve `/transcribe/retry` with one answer after the other, the last one for ever; `hang` until hung up."""
    stub, left = Stub(), list(answers)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            stub.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            stub.arrived.set()
            answer = left.pop(0) if len(left) > 1 else left[0]
            while answer == "hang" and not stub.over.wait(0.02):
                if select.select([self.connection], [], [], 0)[0]:
                    stub.hung_up.set()
                    break
            if isinstance(answer, str):
                self.close_connection = True
                return
            status, body, headers = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        server.server_close()


def doubted(text: str = "Klåkan e tri", *, name: str = "tid", spans: int = 1, **more: object) -> Draft:
    """Return a clip, first heard as some text in so many equal parts, all of it doubtful."""
    duration = clips.clip(name).duration
    step = duration / spans
    segments = tuple(
        segment(text, id=place, start=place * step, end=(place + 1) * step, **{"confidence": 0.3, **more})
        for place in range(spans)
    )
    transcript = Transcript(
        text=join_text(segments), language="sv", language_probability=1.0, duration=duration,
        duration_after_vad=duration, model="bundled", processing_seconds=0.0, queue_seconds=0.0, segments=segments,
    )  # fmt: skip
    found = tuple(Doubt(segment=one.id, confidence=one.confidence, reason="low_probability") for one in segments)
    return Draft(transcript=transcript, doubts=found)


def context(name: str | None = "tid", **more: object) -> Context:
    """Return the context of a job with a clip."""
    recording = None if name is None else clips.clip(name).path
    return Context(**{"job_id": "j", "recording": recording, "language": None, "options": JobOptions(), **more})


def run(url: str, draft: Draft, where: Context | None = None, *, timeout: float = 30, retries: int = 2) -> Outcome:
    """Run the stage once against a server; it never really waits between tries."""

    async def no_wait(_seconds: float) -> None:
        return

    async def work() -> Outcome:
        async with http_client(timeout) as http:
            asr = AsrClient(http, Endpoints(urls=[url]), key=None)
            stage = Retry(asr, Patience(retries=retries, backoff=0.01), threshold=0.5, large=False, sleep=no_wait)
            return await stage.run(draft, where or context())

    return asyncio.run(work())


# --- answers good and bad


def test_a_better_hearing_replaces_the_first():
    """Text, provenance, doubts and the transcript's own text follow."""
    with serving(heard()) as stub:
        done = run(stub.url, doubted()).draft
    (segment,) = done.transcript.segments
    assert (segment.text, segment.original_text) == ("Klockan är tre.", "Klåkan e tri")
    assert (segment.retried.model, segment.retried.confidence_before) == ("stor", 0.3)
    assert (done.transcript.text, done.doubts, done.warnings) == ("Klockan är tre.", (), ())
    assert b'name="model"\r\n\r\nbundled' in stub.bodies[0]
    assert b'name="beam_size"\r\n\r\n10' in stub.bodies[0]


def test_only_the_passage_is_sent():
    """Not the recording: a few seconds of an hour are a few seconds of upload."""
    draft = doubted(spans=4)
    one = replace(draft, doubts=draft.doubts[1:2])
    with serving(heard()) as stub:
        run(stub.url, one)
    seconds = draft.transcript.duration / 4 + 0.6
    assert len(stub.bodies) == 1
    assert len(stub.bodies[0]) == pytest.approx(seconds * 32_000, rel=0.05)


@pytest.mark.parametrize(
    ("answer", "error", "calls"),
    [
        ((500, b"oops", {}), AsrUnavailable, 3),
        ((503, b'{"error": {"code": "busy", "message": "Full."}}', {"Retry-After": "1"}), Busy, 3),
        ((200, b"<html>hello</html>", {}), AsrUnavailable, 3),
        ((200, b'{"model": "x", "segments": []}', {}), AsrUnavailable, 3),
        (heard(count=2), AsrUnavailable, 3),
        ("cut", AsrUnavailable, 3),
    ],
    ids=["500", "503", "HTML with 200", "no segments", "two segments", "connection cut"],
)
def test_a_server_that_keeps_failing_is_given_up(answer: Answer, error: type[SvenskaError], calls: int):
    """After its tries the stage fails with the code that says which dependency it was."""
    with serving(answer) as stub, pytest.raises(error):
        run(stub.url, doubted())
    assert len(stub.bodies) == calls


def test_a_server_that_hangs_is_given_up():
    """By the time-out between two bytes."""
    with serving("hang") as stub, pytest.raises(Timeout):
        run(stub.url, doubted(), timeout=0.3, retries=1)


def test_a_server_that_is_gone_is_given_up():
    """Nobody listens there."""
    with pytest.raises(AsrUnavailable):
        run(NOBODY, doubted())


def test_a_server_that_comes_back_is_asked_again():
    """Two faults cost two tries, and nothing else."""
    with serving((503, b"", {"Retry-After": "1"}), "cut", heard()) as stub:
        outcome = run(stub.url, doubted())
    assert outcome.draft.transcript.text == "Klockan är tre."
    assert outcome.detail["faults"] == 2


def test_what_was_heard_before_the_server_went_is_kept():
    """The rest stays as it was, and a warning says what to look at."""
    draft = doubted(spans=3, name="mote")
    apart = replace(draft, doubts=(draft.doubts[0], draft.doubts[2]))
    with serving(heard("Klockan är tre nu på dagen."), (500, b"", {})) as stub:
        done = run(stub.url, apart, context("mote")).draft
    assert [one.retried is not None for one in done.transcript.segments] == [True, False, False]
    (warning,) = done.warnings
    assert (warning.stage, warning.code) == ("retry", "asr_unavailable")
    assert "WHISPER_RETRY_URL" in warning.message


def test_as_an_optional_stage_its_failure_is_a_warning():
    """The job goes on with the draft as it was."""

    class Steps:
        records: list[StageRecord] = []  # noqa: RUF012 - one test's own

        async def started(self, stage: str) -> None:
            pass

        async def finished(self, record: StageRecord, draft: Draft) -> None:
            self.records.append(record)

    async def work() -> Draft:
        async with http_client(5) as http:
            setup = Setup(asr=AsrClient(http, Endpoints(urls=[NOBODY]), key=None), patience=Patience(retries=0))
            stage = Stages(setup).get("retry")
            return await run_stages([stage], draft, finished=(), context=lambda _: context(), recorder=Steps())

    draft = doubted()
    done = asyncio.run(work())
    assert done.transcript == draft.transcript
    assert [(one.stage, one.code) for one in done.warnings] == [("retry", "asr_unavailable")]
    assert [record.status for record in Steps.records] == ["failed"]


@pytest.mark.parametrize("kind", ["empty", "sure", "no audio"])
def test_nobody_is_asked_without_need(kind: str):
    """An empty transcript, a sure one, or one whose audio is not here."""
    given = doubted()
    if kind == "empty":
        given = replace(given, doubts=(), transcript=replace(given.transcript, segments=(), text=""))
    if kind == "sure":
        sure = replace(given.transcript.segments[0], confidence=0.9)
        given = replace(given, doubts=(), transcript=replace(given.transcript, segments=(sure,)))
    assert run(NOBODY, given, context(None if kind == "no audio" else "tid")).draft == given


def test_inventions_go_without_audio_too():
    """What the decoder itself took for silence needs no second hearing."""
    given = doubted("Tack för att du tittade", no_speech_prob=0.9, avg_logprob=-1.3)
    outcome = run(NOBODY, given, context(None))
    assert outcome.draft.transcript.text == ""
    assert outcome.detail["removed"] == 1


def test_a_cancelled_job_asks_nobody():
    """It stops before the next passage."""
    with serving(heard()) as stub, pytest.raises(Cancelled):
        run(stub.url, doubted(), context(cancelled=lambda: True))
    assert stub.bodies == []


def test_a_cancelled_task_hangs_up():
    """The api_server sees the caller go, and stops decoding."""

    async def work(stub: Stub) -> None:
        async with http_client(30) as http:
            asr = AsrClient(http, Endpoints(urls=[stub.url]), key=None)
            task = asyncio.create_task(Retry(asr, Patience(), threshold=0.5, large=False).run(doubted(), context()))
            assert await asyncio.to_thread(stub.arrived.wait, 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(stub.hung_up.wait, 20)

    with serving("hang") as stub:
        asyncio.run(work(stub))


# --- the real one


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tid", "mote", "adress", "appointment"])
def test_a_real_server_mends_what_was_misheard(api_server_url: str, name: str):
    """A clip that was written down as nonsense comes back as what is said in it, whole."""
    draft = doubted("bla bla bli blu blå bla", name=name)
    language = clips.clip(name).language
    draft = replace(draft, transcript=replace(draft.transcript, language=language))
    outcome = run(api_server_url, draft, context(name))
    assert outcome.detail["verdicts"] == {"better": 1}
    assert outcome.draft.transcript.text == clips.clip(name).text
    assert outcome.draft.transcript.segments[0].retried.model == "bundled"


@pytest.mark.slow
def test_the_middle_of_real_speech_is_spliced_without_loss_or_doubling(api_server_url: str):
    """One doubtful segment between two good ones: the words around it are neither lost nor said twice."""
    reply = post(api_server_url, clips.clip("mote").path.read_bytes(), word_timestamps=True)
    whole = transcript_from_json(reply.json())
    words = [word for one in whole.segments for word in one.words]
    third = len(words) // 3
    parts = [words[:third], words[third : 2 * third], words[2 * third :]]
    segments = tuple(
        replace(
            whole.segments[0], id=place, start=part[0].start, end=part[-1].end, words=tuple(part),
            text=" ".join(word.word for word in part),
        )
        for place, part in enumerate(parts)
    )  # fmt: skip
    wrong = replace(segments[1], text="bla " * third, confidence=0.1, words=None)
    draft = Draft(
        transcript=replace(whole, segments=(segments[0], wrong, segments[2])),
        doubts=(Doubt(segment=1, confidence=0.1, reason="low_probability"),),
    )
    done = run(api_server_url, draft, context("mote")).draft
    assert done.transcript.segments[1].retried.accepted
    said, got = plain(whole.text), plain(done.transcript.text)
    assert got == said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tystnad", "brus"])
def test_text_on_silence_is_taken_out_by_a_real_server(api_server_url: str, name: str):
    """A closing line over silence or noise is gone, and kept as what was first heard."""
    done = run(api_server_url, doubted("Tack för att du tittade.", name=name), context(name)).draft
    assert done.transcript.text == ""
    assert done.transcript.segments[0].original_text == "Tack för att du tittade."


@pytest.mark.slow
def test_a_tenth_of_a_second_goes_through_a_real_server(api_server_url: str):
    """The shortest segment there is makes no fault, whatever is heard in it."""
    draft = doubted("a")
    (segment,) = draft.transcript.segments
    short = replace(draft, transcript=replace(draft.transcript, segments=(replace(segment, end=segment.start + 0.1),)))
    outcome = run(api_server_url, short)
    assert outcome.detail["faults"] == 0
    assert sum(outcome.detail["verdicts"].values()) == 1


def plain(text: str) -> list[str]:
    """Return the words of a text without case and punctuation."""
    return "".join(sign if sign.isalnum() else " " for sign in text.casefold()).split()
