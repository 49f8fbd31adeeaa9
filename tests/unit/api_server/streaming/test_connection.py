"""A connection from its first message to its last, on a socket and an engine that are not real."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from api_server.streaming.connection import Connection
from shared.errors import (
    Busy,
    Conflict,
    InvalidParameter,
    InvalidRequest,
    ModelNotFound,
    SvenskaError,
    TooManySessions,
    UnsupportedAudio,
    UploadTooLarge,
)
from tests.unit.api_server.streaming.fakes import FakeEngine, FakeObserver, FakeSocket, as_pcm, noise, service
from tests.unit.api_server.streaming.simulation import numbers, speech

STOP = '{"type": "stop"}'
FLUSH = '{"type": "flush"}'


def _start(**fields: str | float | bool) -> str:
    return json.dumps({"type": "start", "encoding": "pcm_f32le", **fields})


def _heard(socket: FakeSocket) -> list[int]:
    return [number for event in socket.events("final") for number in numbers(event["text"])]


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - looks in from outside, where no event is
            await asyncio.sleep(0)


def _is_exact(done: dict[str, Any], samples: int) -> bool:
    parts = (done["audio_decoded"], done["audio_silence"], done["dropped"])
    return sum(round(part * 16_000) for part in parts) == round(done["audio_received"] * 16_000) == samples


async def test_a_stream_is_told_in_order():
    """Ready, then per utterance: speech started, partials, final; done at last, and the accounts are exact."""
    audio = speech([0.5, 0.1, 0.1, 0.1, 2.0, 0.1])
    socket = FakeSocket(_start(), as_pcm(audio), STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    kinds = [(event["type"], event.get("utterance")) for event in socket.got if event["type"] != "partial"]
    assert (kinds[0], kinds[-1]) == (("ready", None), ("done", None))
    assert sorted(kinds[1:-1]) == [("final", 0), ("final", 1), ("speech_started", 0), ("speech_started", 1)]
    assert kinds.index(("speech_started", 1)) < kinds.index(("final", 1)) > kinds.index(("final", 0))
    assert _heard(socket) == list(range(6))
    assert _is_exact(socket.got[-1], audio.size)


async def test_audio_may_come_first():
    """The defaults apply: 16 kHz mono, 16 bits."""
    audio = (noise(1.0) * 32_767).astype("<i2").tobytes()
    socket = FakeSocket(audio, STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    ready = socket.got[0]
    assert (ready["type"], ready["model"], ready["language"], ready["sample_rate"]) == ("ready", "bundled", "sv", 16000)
    assert socket.got[-1]["audio_received"] == 1.0


async def test_single_bytes_are_audio_too():
    """Frames may be cut inside a sample."""
    raw = as_pcm(speech([0.1]))
    socket = FakeSocket(_start(), *(raw[at : at + 1] for at in range(len(raw))), STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    assert _heard(socket) == [0]
    assert _is_exact(socket.got[-1], len(raw) // 4)


async def test_flush_gives_the_final_before_more_audio_comes():
    """The client need not be silent to be answered."""
    socket = FakeSocket(_start(), as_pcm(noise(1.0)), FLUSH)
    async with service(FakeEngine()) as streams:
        running = asyncio.create_task(Connection(socket, streams).run())
        await _until(lambda: bool(socket.events("final")))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert socket.events("final")[0]["utterance"] == 0


async def test_a_marked_flush_is_answered_after_the_finals_before_it():
    """Each mark comes back, in order, when nothing of the audio before it is owed any more; unmarked ones never."""
    loud, quiet = as_pcm(noise(1.0)), as_pcm(np.zeros(16_000, dtype=np.float32))
    marked = ['{"type": "flush", "mark": "a"}', '{"type": "flush", "mark": "b"}']
    socket = FakeSocket(_start(), marked[0], loud, FLUSH, quiet, loud, marked[1], STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    told = [event.get("mark") or event["type"] for event in socket.got if event["type"] in {"final", "flushed", "done"}]
    assert told == ["a", "final", "final", "b", "done"]


async def test_a_client_may_say_how_long_a_silence_ends_an_utterance():
    """A second of silence ends one for the server's 0.6, and none for this client's 2."""
    audio = as_pcm(speech([0.1, 1.0, 0.1]))
    ended = []
    for start in (_start(), _start(endpoint_silence=2.0)):
        socket = FakeSocket(start, audio, STOP)
        async with service(FakeEngine()) as streams:
            await Connection(socket, streams).run()
        ended.append(len(socket.events("final")))
    assert ended == [2, 1]


async def test_start_says_how_finals_are_decoded():
    """Language, prompt and hotwords reach the decoder; the voice activity filter is the session's own business."""
    engine = FakeEngine()
    start = _start(language="en", prompt="Luleå", hotwords="Kiruna", word_timestamps=True)
    socket = FakeSocket(start, as_pcm(speech([0.1])), STOP)
    async with service(engine) as streams:
        await Connection(socket, streams).run()
    decoded = {(one.language, one.prompt, one.hotwords, one.vad_filter) for one in engine.options}
    assert decoded == {("en", "Luleå", "Kiruna", False)}
    assert [word["word"] for word in socket.events("final")[0]["words"]] == ["ord0"]


@pytest.mark.parametrize(
    ("messages", "error", "says"),
    [
        (["hej"], InvalidParameter, "JSON object"),
        (["[1]"], InvalidParameter, "JSON object"),
        (['{"type": "sing"}'], InvalidParameter, "start, flush or stop"),
        ([STOP], InvalidRequest, "first message"),
        ([FLUSH], InvalidRequest, "first message"),
        ([_start(encoding="mp3")], InvalidParameter, "encoding"),
        ([_start(sample_rate=4_000)], InvalidParameter, "sample_rate"),
        ([_start(sample_rate="fast")], InvalidParameter, "sample_rate"),
        ([_start(channels=6)], InvalidParameter, "channels"),
        ([_start(prompt="hej " * 1_001)], InvalidParameter, "prompt"),
        (["[" + "{}," * 25_000 + "{}]"], UploadTooLarge, "65536"),
        ([_start(language="xx")], InvalidParameter, "language"),
        ([_start(model="large")], ModelNotFound, "bundled"),
        ([_start(), _start()], Conflict, "has started"),
        ([_start(), "hej"], InvalidParameter, "binary messages"),
        ([_start(), '{"type": "sing"}'], InvalidParameter, "start, flush or stop"),
        ([_start(encoding="webm"), b"this is not webm" * 500], UnsupportedAudio, "webm"),
    ],
)  # fmt: skip
async def test_a_message_that_cannot_be_used_ends_the_stream_with_its_reason(
    messages: list[str | bytes], error: type[SvenskaError], says: str
):
    """The sentence says what was expected, and nothing else is sent but `ready`."""
    socket = FakeSocket(*messages)
    async with service(FakeEngine()) as streams:
        with pytest.raises(error, match=says):
            await Connection(socket, streams).run()
    assert {event["type"] for event in socket.got} <= {"ready"}


async def test_what_was_heard_before_a_bad_message_still_gets_its_final():
    """The error comes after it."""
    socket = FakeSocket(_start(), as_pcm(speech([0.1, 0.1])), "hej")
    async with service(FakeEngine()) as streams:
        with pytest.raises(InvalidParameter):
            await Connection(socket, streams).run()
    assert _heard(socket) == [0, 1]
    assert not socket.events("done")


async def test_a_client_that_leaves_in_the_middle_takes_its_work_with_it():
    """Decodes are cancelled, nothing goes on running."""
    engine = FakeEngine()
    engine.lets.clear()
    socket = FakeSocket(_start(), as_pcm(noise(2.0)), FLUSH, as_pcm(noise(2.0)), leaves=True)
    before = asyncio.all_tasks()
    async with service(engine) as streams:
        with streams.place():
            await Connection(socket, streams).run()
        assert streams.connected == 0
    assert (engine.cancelled, engine.running) == (1, 0)
    assert asyncio.all_tasks() == before


async def test_a_partial_for_a_client_that_has_left_is_nobodys():
    """Its answer asks for nothing more, and the partials of others go on."""
    engine = FakeEngine()
    engine.lets.clear()
    async with service(engine) as streams:
        socket = FakeSocket(_start(), *[as_pcm(noise(0.7))] * 3, leaves=True)
        await Connection(socket, streams).run()
        engine.lets.set()
        other = FakeSocket(_start(), as_pcm(speech([0.1] * 5)), STOP)
        await Connection(other, streams).run()
        assert not streams.partials._waiting
    assert not socket.events("partial")
    assert _heard(other) == list(range(5))


async def test_a_client_that_leaves_after_stop_takes_its_work_with_it():
    """Nobody waits for the final."""
    engine = FakeEngine()
    engine.lets.clear()
    socket = FakeSocket(_start(), as_pcm(noise(2.0)), STOP, leaves=True)
    async with service(engine) as streams:
        await Connection(socket, streams).run()
    assert (engine.cancelled, engine.running) == (1, 0)


async def test_a_fast_sender_is_held_back_and_loses_nothing():
    """While its finals are far behind, no more of its audio is read."""
    engine = FakeEngine()
    engine.lets.clear()
    audio = speech([0.1] + [0.1, 1.0] * 60)
    raw = as_pcm(audio)
    chunks = [raw[at : at + 6_400] for at in range(0, len(raw), 6_400)]
    socket = FakeSocket(_start(), *chunks, STOP)
    async with service(engine, backlog_seconds=5.0) as streams:
        connection = Connection(socket, streams)
        running = asyncio.create_task(connection.run())
        await _until(lambda: connection._session.backlog > 5.0 if socket.taken > 1 else False)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert socket.taken * 0.1 < 30
        engine.lets.set()
        await running
    assert _heard(socket) == list(range(121))
    assert _is_exact(socket.got[-1], audio.size)


async def test_a_slow_reader_misses_partials_and_nothing_else():
    """What it has not read yet is bounded, as no more of its audio is taken then."""
    audio = speech([0.1] + [0.8] * 150)
    raw = as_pcm(audio)
    socket = FakeSocket(_start(), *(raw[at : at + 6_400] for at in range(0, len(raw), 6_400)), STOP)
    socket.reads.clear()
    async with service(FakeEngine()) as streams:
        connection = Connection(socket, streams)
        running = asyncio.create_task(connection.run())
        await _until(lambda: connection._outbox.full)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not running.done()
        assert socket.taken < len(raw) // 6_400
        socket.reads.set()
        await running
    assert _heard(socket) == list(range(151))
    assert _is_exact(socket.got[-1], audio.size)


@pytest.mark.parametrize("slow", ["reader", "decoder"])
async def test_flushes_are_held_back_as_audio_is(slow: str):
    """Each of them is owed an answer, and what is owed is bounded."""
    engine = FakeEngine()
    flushes = [f'{{"type": "flush", "mark": "{number}"}}' for number in range(500)]
    socket = FakeSocket(_start(), as_pcm(noise(1.0)), *flushes, STOP)
    (socket.reads if slow == "reader" else engine.lets).clear()
    async with service(engine) as streams:
        connection = Connection(socket, streams)
        running = asyncio.create_task(connection.run())
        await _until(lambda: socket.taken > 60 and connection._crowded)
        for _ in range(10_000):
            await asyncio.sleep(0)
        assert socket.taken < 80
        socket.reads.set()
        engine.lets.set()
        await running
    assert [event["mark"] for event in socket.events("flushed")] == [str(number) for number in range(500)]


@pytest.mark.parametrize(("failure", "code"), [(Busy("Full."), "busy"), (RuntimeError("cuda"), "internal")])
async def test_a_final_that_fails_is_told_of_and_the_stream_goes_on(failure: Exception, code: str):
    """Its error is not fatal and says nothing of the inside."""
    engine = FakeEngine()
    engine.failure = failure
    socket = FakeSocket(_start(partials=False), as_pcm(speech([0.1, 2.0])), STOP)
    async with service(engine) as streams:
        await Connection(socket, streams).run()
    errors = socket.events("error")
    assert [(error["code"], error["fatal"]) for error in errors] == [(code, False)] * 2
    assert "cuda" not in errors[0]["message"]
    assert [final["text"] for final in socket.events("final")] == ["", ""]
    assert socket.got[-1]["dropped"] > 0


async def test_places_are_counted_and_given_back():
    """One more than there are is refused with the time to come back."""
    async with service(FakeEngine(), sessions=2) as streams:
        with streams.place():
            with streams.place(), pytest.raises(TooManySessions) as refusal, streams.place():
                pass
            assert refusal.value.retry_after > 0
            with streams.place():
                assert streams.connected == 2
        observer = streams.observer
        assert isinstance(observer, FakeObserver)
        assert observer.counts == [1, 2, 1, 2, 1, 0]


async def test_silence_says_nothing():
    """Five minutes of it, and of nothing but zeros."""
    minute = bytes(60 * 32_000)
    socket = FakeSocket(*[minute] * 5, STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    assert [event["type"] for event in socket.got] == ["ready", "done"]
    assert socket.got[-1]["audio_silence"] == 300.0


async def test_stereo_at_another_rate_is_heard():
    """Channels are mixed and the rate is changed before anything else."""
    tone = 0.5 * np.sin(np.arange(48_000) / 20)
    raw = np.repeat((tone * 32_767).astype("<i2"), 2).tobytes()
    socket = FakeSocket('{"type": "start", "sample_rate": 48000, "channels": 2}', raw, STOP)
    async with service(FakeEngine()) as streams:
        await Connection(socket, streams).run()
    assert socket.got[-1]["audio_received"] == pytest.approx(1.0, abs=0.001)
    assert len(socket.events("final")) == 1
