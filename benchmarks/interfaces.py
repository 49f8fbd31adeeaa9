"""What each interface costs over the native one: the same clip, the same options, the same server, in turns.

    python -m benchmarks.interfaces                 everything; about ten minutes on two cores
    python -m benchmarks.interfaces jobs streams    some of: recordings streams jobs

Starts its own services on free ports, with the bundled model on one thread, and stops them. Every round runs every way
once, in an order of its own, and compares each with the native way of that round: the figure is the median of these
differences, with its 95 % interval, so that what the decode takes, and what else the machine does, falls out.
"native, again" is a second native run of each round: how far it is from 0 is how far the figures can be trusted.
Behind them, likewise over the native way, is the processor time of the server's event loop, where all translation is
done: other work on the machine does not lengthen it. (A job's includes its removal.)

So that the translation is measured and not the decode, native requests ask for what the interface asks for anyway:
words where there are words (Deepgram always has them), server-sent events for `stream=true`, and of streams: no
partials for Deepgram without `interim_results` and for Wyoming, partials for OpenAI, words for Deepgram. Streams are
raw 16 kHz samples in messages of 100 ms, the end of a turn is `flush` against `commit` and `Finalize`, and `stop`
against `CloseStream` and `audio-stop`. They are measured from that message to the last final, behind a short pause in
which the server has heard everything ("end"), and from the connection to the last final without any pause ("whole").
Jobs wait behind one that does not end, so that nothing is decoded beside them. Clients make their messages beforehand
and check the answer. Prints a table and one line of JSON.
"""

import argparse
import base64
import functools
import io
import json
import math
import os
import random
import socket
import statistics
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np
from websockets.sync.client import connect
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Eventable, read_event, write_event

from benchmarks.sessions import as_pcm
from benchmarks.streams import LOUD, percentile
from benchmarks.transcribe import Figures, finished, machine, service
from shared.audio import SAMPLE_RATE, decode
from tests import clips, processes
from tests.integration.fake_asr import FakeAsr
from tests.processes import Service

THREADS = "1"
"""The decode varies least so."""
BAR = 5.0
"""Milliseconds, of issue 7."""
CLIP = clips.clip("tid")
RECORDING = CLIP.path.read_bytes()
CHUNK = SAMPLE_RATE // 10 * 2
"""Bytes of a message of a stream."""
PAUSE = 0.4
"""Seconds of silence behind the clip: enough for the final to be decoded, too little to end the utterance."""
SETTLE = 0.3
"""Seconds in which the server has heard and decoded what it was sent."""
AFTER = 0.02
"""Seconds in which the server puts away what an answered request has left."""
AGAIN = "native, again"

Message = str | bytes
"""What is sent at once."""
Way = Callable[[], tuple[float, str]]
"""Does one request; returns its seconds and what came."""


class Line(Protocol):
    """A connection of some interface."""

    def send(self, message: Message, /) -> None:
        """Send a message."""

    def recv(self, timeout: float | None = None) -> Message:
        """Return the next one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Ways to the same thing."""

    name: str
    """What that is."""
    native: Way
    """How the native interface does it."""
    others: Mapping[str, Way]
    """How the others do it."""
    shows: str
    """What every way brings; the figures are of answers that hold it."""

    @property
    def ways(self) -> dict[str, Way]:
        """Return all of them, the native one first and once more."""
        return {"native": self.native, AGAIN: self.native, **self.others}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was measured of one way."""

    median: float
    """Milliseconds."""
    p95: float
    """Milliseconds."""
    over: float
    """Milliseconds over the native way: the median of the rounds' differences."""
    low: float
    """Milliseconds: with 95 % confidence `over` is more than this …"""
    high: float
    """… and less than this."""
    loop: float
    """Milliseconds of the event loop's processor time over the native way, the median of the rounds' differences."""

    @property
    def verdict(self) -> str:
        """Return how the difference is to the bar, as far as so many rounds can tell."""
        if self.high < BAR:
            return ""
        return f"above {BAR:g}" if self.low > BAR else "not sure"


def measured(running: Service, comparisons: Iterable[Comparison], rounds: int) -> Figures:
    """Return the rows of all ways to a service; the first round warms up and does not count."""
    order = [(one, name, way) for one in comparisons for name, way in one.ways.items()]
    times: dict[tuple[str, str], list[tuple[float, float]]] = {(one.name, name): [] for one, name, _way in order}
    shuffle = random.Random(7).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        for one, name, way in order:
            before = loop_time(running)
            seconds, answer = way()
            time.sleep(AFTER)
            if one.shows not in answer:
                raise RuntimeError(f"{one.name}, {name}: expected {one.shows!r} in {answer!r}")
            if turn:
                times[one.name, name].append((1000 * seconds, loop_time(running) - before))
    return {f"{one}: {name}": row(taken, times[one, "native"]) for (one, name), taken in times.items()}


def loop_time(running: Service) -> float:
    """Return the milliseconds of processor time that a service's first thread, its event loop, has taken: proc(5)."""
    schedstat = Path(f"/proc/{running.pid}/task/{running.pid}/schedstat").read_text(encoding="ascii")
    return int(schedstat.split()[0]) / 1e6


def row(taken: list[tuple[float, float]], native: list[tuple[float, float]]) -> Row:
    """Return the figures of one way."""
    times = [seconds for seconds, _loop in taken]
    over = sorted(mine - theirs for (mine, _), (theirs, _) in zip(taken, native, strict=True))
    outside = max(0, int((len(over) - 1.96 * math.sqrt(len(over))) / 2))  # the sign test's interval of a median
    return Row(
        median=statistics.median(times),
        p95=percentile(times, 0.95),
        over=statistics.median(over),
        low=over[outside],
        high=over[-1 - outside],
        loop=statistics.median(mine - theirs for (_, mine), (_, theirs) in zip(taken, native, strict=True)),
    )


# --- recordings


def recordings(chosen: argparse.Namespace) -> Figures:
    """Compare what takes a recording and answers with its text."""
    with (
        service(WHISPER_THREADS=THREADS) as api,
        httpx.Client(base_url=api.url, timeout=60) as client,
        websocket(streams_at(api) + "/ws") as demonstration,
    ):
        return measured(api, _recordings(client, demonstration), chosen.rounds)


def _recordings(client: httpx.Client, demonstration: Line) -> Iterator[Comparison]:
    native = functools.partial(posted, client, "/transcribe")
    openai = functools.partial(posted, client, "/v1/audio/transcriptions")
    formats = ("json", "verbose_json", "text", "srt", "vtt")
    yield Comparison(
        name="text",
        native=native,
        others={
            **{f"OpenAI {name}": functools.partial(openai, response_format=name) for name in formats},
            "seed 001 POST /transcribe/": functools.partial(posted, client, "/transcribe/"),
            "seed 004 WS /ws process_audio": functools.partial(processed, demonstration),
        },
        shows=CLIP.text,
    )
    words = {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"]}
    yield Comparison(
        name="words",
        native=functools.partial(native, word_timestamps="true"),
        others={
            "OpenAI verbose_json, words": functools.partial(openai, **words),
            "Deepgram POST /v1/listen": functools.partial(listened, client),
        },
        shows=CLIP.text,
    )
    yield Comparison(
        name="events",
        native=functools.partial(native, stream="true"),
        others={"OpenAI stream=true": functools.partial(openai, stream="true")},
        shows=CLIP.text,
    )


def posted(client: httpx.Client, path: str, **fields: str | list[str]) -> tuple[float, str]:
    """Post the clip as a form."""
    return timed(lambda: client.post(path, files={"file": RECORDING}, data=fields))


def listened(client: httpx.Client) -> tuple[float, str]:
    """Post the clip as Deepgram's clients do."""
    return timed(lambda: client.post("/v1/listen", content=RECORDING, headers={"Content-Type": "audio/flac"}))


def processed(connection: Line) -> tuple[float, str]:
    """Send the clip as seed 004's page does."""
    audio = base64.b64encode(RECORDING).decode()
    command = json.dumps({"command": "process_audio", "audio_data": audio, "format": "webm"})
    began = time.perf_counter()
    connection.send(command)
    answer = str(connection.recv(timeout=60))
    return time.perf_counter() - began, answer


def timed(call: Callable[[], httpx.Response]) -> tuple[float, str]:
    """Return the seconds of a request and the body of its reply."""
    began = time.perf_counter()
    reply = call()
    seconds = time.perf_counter() - began
    return seconds, reply.raise_for_status().text


# --- streams


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How an interface streams."""

    call: Callable[[], AbstractContextManager[Line]]
    """Connects."""
    said: tuple[Message, ...]
    """The messages of the clip with its pause, the opening ones first."""
    end: Message
    """The message after which the last final comes."""
    text: Callable[[Message], str | None]
    """Returns the text of the last final, None for any other message."""


def streams(chosen: argparse.Namespace) -> Figures:
    """Compare live streams."""
    port = processes.free_port()
    with service(WHISPER_THREADS=THREADS, WYOMING_PORT=str(port)) as api:
        pairs = list(_pairs(streams_at(api), port))
        figures: Figures = {}
        for part, way, rounds in (("end", ended, chosen.streams), ("whole", whole, chosen.rounds)):
            ways = [compared(f"{part} of {name}", way, native, others) for name, native, others in pairs]
            figures |= measured(api, ways, rounds)
        return figures


def compared(
    name: str, way: Callable[[Dialect], tuple[float, str]], native: Dialect, others: Mapping[str, Dialect]
) -> Comparison:
    """Return a comparison in which streams are measured in some way."""
    return Comparison(
        name=name,
        native=functools.partial(way, native),
        others={theirs: functools.partial(way, dialect) for theirs, dialect in others.items()},
        shows=CLIP.text,
    )


def _pairs(url: str, wyoming_port: int) -> Iterator[tuple[str, Dialect, dict[str, Dialect]]]:
    """Return what is compared: a name, the native stream, the others with the same options."""
    yield "a turn", native_stream(url, "flush"), {"OpenAI WS /v1/realtime, commit": realtime(url)}
    finalize = deepgram(url, "Finalize", interim_results="true")
    yield "a turn with words", native_stream(url, "flush", words=True), {"Deepgram WS, Finalize": finalize}
    plain = native_stream(url, "stop", partials=False)
    yield "a stream", plain, {"Wyoming, audio-stop to transcript": wyoming(wyoming_port)}
    words = native_stream(url, "stop", partials=False, words=True)
    yield "a stream with words", words, {"Deepgram WS, CloseStream": deepgram(url, "CloseStream")}


def ended(dialect: Dialect) -> tuple[float, str]:
    """Measure from the last message to the last final, everything before having been heard."""
    with dialect.call() as line:
        for message in dialect.said:
            line.send(message)
        time.sleep(SETTLE)
        began = time.perf_counter()
        line.send(dialect.end)
        text = last_final(line, dialect)
        return time.perf_counter() - began, text


def whole(dialect: Dialect) -> tuple[float, str]:
    """Measure from the connection to the last final, all messages sent at once."""
    began = time.perf_counter()
    with dialect.call() as line:
        for message in (*dialect.said, dialect.end):
            line.send(message)
        text = last_final(line, dialect)
        return time.perf_counter() - began, text


def last_final(line: Line, dialect: Dialect) -> str:
    """Return the text of the last final."""
    while (text := dialect.text(line.recv(timeout=60))) is None:
        pass
    return text


def audio() -> list[bytes]:
    """Return the clip, cut behind its last loud sample, with a pause: raw samples."""
    heard = decode(CLIP.path, max_seconds=60).samples
    spoken = heard[: int(np.flatnonzero(np.abs(heard) > LOUD)[-1])]
    raw = as_pcm(np.pad(spoken, (0, round(PAUSE * SAMPLE_RATE))))
    return [raw[at : at + CHUNK] for at in range(0, len(raw), CHUNK)]


def native_stream(url: str, end: str, *, partials: bool = True, words: bool = False) -> Dialect:
    """Return the native stream."""
    start = {"type": "start", "partials": partials, "word_timestamps": words}
    return Dialect(
        call=lambda: websocket(f"{url}/ws/transcribe"),
        said=(json.dumps(start), *audio()),
        end=json.dumps({"type": end}),
        text=lambda message: _field(message, "final", "text"),
    )


def realtime(url: str) -> Dialect:
    """Return a transcription session whose turns the client ends."""
    form = {"type": "audio/pcm", "rate": SAMPLE_RATE}
    session = {"type": "transcription", "audio": {"input": {"format": form, "turn_detection": None}}}
    appended = ({"type": "input_audio_buffer.append", "audio": base64.b64encode(chunk).decode()} for chunk in audio())
    return Dialect(
        call=lambda: websocket(f"{url}/v1/realtime?intent=transcription"),
        said=tuple(json.dumps(event) for event in ({"type": "session.update", "session": session}, *appended)),
        end=json.dumps({"type": "input_audio_buffer.commit"}),
        text=lambda event: _field(event, "conversation.item.input_audio_transcription.completed", "transcript"),
    )


def deepgram(url: str, end: str, **options: str) -> Dialect:
    """Return Deepgram's stream."""
    query = httpx.QueryParams({"encoding": "linear16", "sample_rate": str(SAMPLE_RATE), **options})

    def text(message: Message) -> str | None:
        result = json.loads(message)
        if result["type"] != "Results" or not result["is_final"]:
            return None
        return str(result["channel"]["alternatives"][0]["transcript"])

    return Dialect(
        call=lambda: websocket(f"{url}/v1/listen?{query}"),
        said=tuple(audio()),
        end=json.dumps({"type": end}),
        text=text,
    )


def wyoming(port: int) -> Dialect:
    """Return a voice assistant's command; what it waits for is the `transcript` behind the finals."""
    form = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}
    chunks = (AudioChunk(audio=chunk, **form) for chunk in audio())
    return Dialect(
        call=lambda: assistant(port),
        said=(written(AudioStart(**form)), *(written(chunk) for chunk in chunks)),
        end=written(AudioStop()),
        text=lambda event: _field(event, "transcript", "text"),
    )


def written(event: Eventable) -> bytes:
    """Return what crosses a Wyoming connection."""
    sink = io.BytesIO()
    write_event(event.event(), sink)
    return sink.getvalue()


def websocket(url: str) -> AbstractContextManager[Line]:
    """Open a WebSocket; how it closes is not looked at."""
    return connect(url, ping_interval=None, compression=None, max_size=None, close_timeout=60)


class Assistant:
    """One end of a Wyoming connection; what comes is told as JSON."""

    def __init__(self, connection: socket.socket) -> None:
        """Take a connection, which the caller closes."""
        self._connection = connection
        self._coming = connection.makefile("rb")

    def send(self, message: Message, /) -> None:
        """Send an event as `written`."""
        assert isinstance(message, bytes)
        self._connection.sendall(message)

    def recv(self, timeout: float | None = None) -> Message:
        """Return the next event."""
        self._connection.settimeout(timeout)
        event = read_event(self._coming)
        if event is None:
            raise ConnectionError("The server closed the connection.")
        return json.dumps({"type": event.type, **event.data})


@contextmanager
def assistant(port: int) -> Iterator[Assistant]:
    """Connect as a voice assistant does."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Assistant(connection)


def streams_at(api: Service) -> str:
    """Return where a service's WebSockets are."""
    return api.url.replace("http", "ws", 1)


def _field(message: Message, kind: str, name: str) -> str | None:
    event = json.loads(message)
    return str(event[name]) if event["type"] == kind else None


# --- jobs


def jobs(chosen: argparse.Namespace) -> Figures:
    """Compare how jobs are handed in and looked up, behind one that does not end."""
    with (
        FakeAsr() as asr,
        service("batch_worker", WHISPER_API_URL=asr.url) as batch,
        httpx.Client(base_url=batch.url, timeout=60) as client,
    ):
        own = uuid.uuid4().hex
        done = handed_in(client, "/transcribe", job_id=own)[1]
        finished(batch, done)
        asr.windows(1, hold_at=0)
        running = handed_in(client, "/jobs")[1]
        while client.get(f"/jobs/{running}").json()["status"] != "running":
            time.sleep(0.05)
        return measured(batch, _jobs(client, done, own), chosen.rounds)


def _jobs(client: httpx.Client, done: str, own: str) -> Iterator[Comparison]:
    def submitted(path: str, **fields: str) -> tuple[float, str]:
        seconds, job = handed_in(client, path, **fields)
        client.delete(f"/jobs/{job}").raise_for_status()
        return seconds, client.get(f"/jobs/{job}").json()["status"]

    def submitted_as(path: str, name: str) -> tuple[float, str]:
        return submitted(path, **{name: uuid.uuid4().hex})

    def looked_up(path: str) -> tuple[float, str]:
        return timed(lambda: client.get(path))

    yield Comparison(
        name="hand in",
        native=functools.partial(submitted, "/jobs"),
        others={
            "seed 001 POST /transcribe/": functools.partial(submitted, "/transcribe/"),
            "seed 002 POST /transcribe, job_id": functools.partial(submitted_as, "/transcribe", "job_id"),
            "seed 003 POST /transcribe/async": functools.partial(submitted, "/transcribe/async"),
        },
        shows="cancelled",
    )
    yield Comparison(
        name="look up",
        native=functools.partial(looked_up, f"/jobs/{done}"),
        others={
            "seed 001 GET /task/{id}": functools.partial(looked_up, f"/task/{done}"),
            "seed 002 GET /status/{job_id}": functools.partial(looked_up, f"/status/{own}"),
        },
        shows='"result":{',
    )
    yield Comparison(
        name="list",
        native=functools.partial(looked_up, "/jobs?status=running"),
        others={"seed 003 GET /jobs?status=processing": functools.partial(looked_up, "/jobs?status=processing")},
        shows='"status":"running"',
    )


def handed_in(client: httpx.Client, path: str, **fields: str) -> tuple[float, str]:
    """Hand in the clip; returns the seconds and the native id of the job."""
    seconds, body = timed(lambda: client.post(path, files={"file": RECORDING}, data=fields))
    reply = json.loads(body)
    address = reply.get("links", {}).get("self")
    return seconds, str(address.rpartition("/")[2] if address else reply.get("task_id") or reply["job_id"])


BENCHMARKS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "recordings": recordings,
    "streams": streams,
    "jobs": jobs,
}


def table_line(one: Row) -> str:
    """Return a row of the table."""
    between = f"{one.low:+.2f} … {one.high:+.2f}"
    return f"{one.median:9.2f} {one.p95:9.2f} {one.over:+9.2f} {between:>18} {one.loop:+8.2f}  {one.verdict}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("which", nargs="*", metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=150, help="timed runs of each way")
    parser.add_argument("--streams", type=int, default=20, help="timed runs of each stream with a pause")
    chosen = parser.parse_args()
    if unknown := set(chosen.which) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    report: Figures = {"machine": machine(), "bar": f"over < {BAR:g} ms"}
    print(f"{'':65} median ms    p95 ms   over native ms, 95 % interval   loop ms   (bar: < {BAR:g})")
    for name in chosen.which or BENCHMARKS:
        before = os.getloadavg()[0]
        rows = BENCHMARKS[name](chosen)
        for figure, one in rows.items():
            print(f"{name:10} {figure:54} {table_line(one)}", flush=True)
        report[name] = {
            **{figure: {name: round(ms, 2) for name, ms in asdict(one).items()} for figure, one in rows.items()},
            "load before, after": [round(before, 1), round(os.getloadavg()[0], 1)],
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
