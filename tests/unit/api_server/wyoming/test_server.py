"""Assistants talking to the server over loopback, on an engine that is not real."""

import asyncio
import socket

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping

from api_server.wyoming import client, server
from api_server.wyoming.server import check
from shared.errors import StartupError
from tests import processes
from tests.unit.api_server.streaming.fakes import FakeEngine, noise, service
from tests.unit.api_server.streaming.simulation import numbers, speech
from tests.unit.api_server.wyoming.talk import STOP, answers, chunk, header, say, serving, start, until

SAID = speech([0.5, 0.1, 0.1, 2.0, 0.1])


def _types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


async def test_describe_names_the_resident_model_and_its_languages():
    """Home Assistant offers what is listed here."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        (answer,) = await say(port, Describe().event())
    (program,) = Info.from_event(answer).asr
    (model,) = program.models
    assert (model.name, model.languages, model.installed) == ("bundled", ["en", "sv"], True)
    assert program.supports_transcript_streaming


async def test_a_command_is_answered_with_its_transcript():
    """Chunks come with each final; joined they are the transcript."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        pieces = [chunk(SAID[at : at + 1_024]) for at in range(0, SAID.size, 1_024)]
        events = await say(port, Transcribe(language="sv-SE").event(), start(), *pieces, STOP)
    transcript = Transcript.from_event(events[-2])
    chunks = [TranscriptChunk.from_event(event).text for event in events if TranscriptChunk.is_type(event.type)]
    assert _types(events) == [
        "transcript-start", "transcript-chunk", "transcript-chunk", "transcript", "transcript-stop"
    ]  # fmt: skip
    assert (numbers(transcript.text), transcript.language) == ([0, 1, 2, 3, 4], "sv")
    assert "".join(chunks) == transcript.text


async def test_a_client_that_does_not_read_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    """Nor is its connection, for what it would still have to read."""
    monkeypatch.setattr(client, "_UNREAD_SECONDS", 0.1)
    monkeypatch.setattr(server, "_LINGER_SECONDS", 0.1)

    async with service(FakeEngine()) as streams, serving(streams) as port:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # else the kernel takes megabytes for the client
        small.connect(("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=small)
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio itself would read ahead

        def cut_off() -> bool:
            writer.write(b"\n")  # fails once the other end is gone
            return writer.transport.is_closing()

        writer.write(header(type="describe") * 50_000)
        await until(cut_off)


async def test_names_and_terms_are_expected():
    """An assistant knows what the lamps are called."""
    engine = FakeEngine()
    wanted = Transcribe(transcript_names=["Bosses lampa", "hallen"], transcript_terms=["dimra"])
    async with service(engine) as streams, serving(streams) as port:
        await say(port, wanted.event(), start(), chunk(speech([0.1])), STOP)
    assert [option.hotwords for option in engine.options] == ["Bosses lampa, hallen, dimra"]


async def test_a_connection_serves_one_command_after_another():
    """Options hold for one command; those sent ahead wait their turn; describe and ping are answered in between."""
    engine = FakeEngine()
    async with service(engine) as streams, serving(streams) as port:
        async with AsyncTcpClient("127.0.0.1", port, read_timeout=30) as client:
            command = [start(), chunk(SAID), STOP]
            for event in [Transcribe(language="en").event(), *command, *command, Ping(text="här").event()]:
                await client.write_event(event)
            told = [[event async for event in answers(client)] for _turn in range(3)]
        await until(lambda: streams.connected == 0)
    assert [numbers(events[-2].data["text"]) for events in told[:2]] == [[0, 1, 2, 3, 4]] * 2
    assert [option.language for option in engine.options] == ["en", "en", "sv", "sv"]
    assert told[2][0].data == {"text": "här"}


@pytest.mark.parametrize("width", [1, 2, 3, 4])
async def test_samples_of_any_width_are_heard(width: int):
    """8 bits are unsigned, the others signed and little-endian."""
    whole = (np.round(SAID * 127).astype(np.int64) << (8 * (width - 1))) + (128 if width == 1 else 0)
    raw = b"".join(int(one).to_bytes(width, "little", signed=width > 1) for one in whole)
    async with service(FakeEngine()) as streams, serving(streams) as port:
        events = await say(port, start(width=width), chunk(raw, width=width), STOP)
    assert events[-2].data["text"].count("ord") == 5


async def test_rate_and_channels_are_the_clients():
    """Two channels at 8 kHz are heard as one at 16."""
    stereo = np.repeat(SAID[::2], 2)
    async with service(FakeEngine()) as streams, serving(streams) as port:
        said = [start(rate=8_000, channels=2), chunk(stereo, rate=8_000, channels=2), STOP]
        events = await say(port, *said)
    assert events[-2].data["text"]


async def test_audio_start_may_be_left_out():
    """The first chunk says the same."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        events = await say(port, chunk(SAID), STOP)
    assert numbers(events[-2].data["text"]) == [0, 1, 2, 3, 4]


async def test_silence_is_an_empty_transcript():
    """An assistant waits for one in any case."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        events = await say(port, start(), chunk(np.zeros(16_000, dtype=np.float32)), STOP)
        nothing = await say(port, start(), STOP)
    assert _types(events) == _types(nothing) == ["transcript-start", "transcript", "transcript-stop"]
    assert events[1].data["text"] == ""


BAD = [
    ([Transcribe(language="xx").event(), start()], "language"),
    ([Transcribe(name="large").event(), start()], "bundled"),
    ([Event("transcribe", {"language": 5})], "language"),
    ([STOP], "audio-start"),
    ([Event("audio-start", {})], "rate"),
    ([start(rate=4_000)], "rate"),
    ([start(width=8)], "width"),
    ([start(channels=6)], "channels"),
    ([start(), chunk(b"\0\0", rate=8_000)], "format of the start"),
    ([start(width=4), chunk(b"\0\0\0", width=4)], "whole samples"),
    ([start(), start()], "audio-chunk or audio-stop"),
    ([start(), Transcribe().event()], "audio-chunk or audio-stop"),
    ([start(), chunk(noise(1.0)), chunk(noise(1.1))], "MAX_AUDIO_SECONDS"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "says"), BAD)
async def test_what_cannot_be_used_is_an_error_and_the_end(events: list[Event], says: str):
    """The client is told why, and does not wait for a transcript; the server serves the next one."""
    async with service(FakeEngine()) as streams, serving(streams, max_seconds=2.0) as port:
        told = await say(port, *events)
        assert numbers((await say(port, start(), chunk(speech([0.1])), STOP))[-2].data["text"]) == [0]
        await until(lambda: streams.connected == 0)
    error = Error.from_event(told[-1])
    assert says in error.text
    assert error.code
    assert _types(told[:-1]) in ([], ["transcript-start"], ["transcript-start", "transcript-chunk"])


async def test_bytes_of_another_protocol_are_an_error():
    """A browser that is pointed here is let go."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        told = await reader.read()
        writer.close()
    assert b'"error"' in told


async def test_a_payload_too_large_is_refused_before_it_is_read():
    """The bytes announced need never come."""
    async with service(FakeEngine()) as streams, serving(streams) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(header(type="audio-chunk", payload_length=2**40))
        told = await reader.read()
        writer.close()
    assert b"payload_length" in told


@pytest.mark.parametrize(
    "said", [[chunk(noise(7.0))], [chunk(noise(2.0)), STOP]], ids=["while it speaks", "while it waits"]
)
async def test_a_client_that_leaves_takes_its_work_with_it(said: list[Event]):
    """Nobody waits for the transcript."""
    engine = FakeEngine()
    engine.lets.clear()
    async with service(engine) as streams, serving(streams) as port:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in [start(), *said]:
                await client.write_event(event)
            await until(lambda: engine.running == 1)
        await until(lambda: streams.connected == 0)
    assert (engine.cancelled, engine.running) == (1, 0)


async def test_a_client_that_says_nothing_more_keeps_no_place():
    """Its machine may have gone; what it said before is still told, and why it ended."""
    async with service(FakeEngine()) as streams, serving(streams, patience=0.0) as port:
        told = await say(port, start())
        await until(lambda: streams.connected == 0)
    assert (told[-1].type, told[-1].data["code"]) == ("error", "timeout")


async def test_a_failure_of_the_engine_is_told_and_ends_nothing():
    """The transcript holds what could be heard: here nothing."""
    engine = FakeEngine()
    engine.failure = RuntimeError("broken")
    async with service(engine) as streams, serving(streams) as port:
        told = await say(port, start(), chunk(speech([0.1])), STOP)
    assert _types(told) == ["transcript-start", "error", "transcript", "transcript-stop"]
    assert told[1].data["code"] == "internal"
    assert "broken" not in told[1].data["text"]


async def test_commands_take_the_places_of_streams():
    """One more than there are is told to come back; who is only connected takes none."""
    async with (
        service(FakeEngine(), sessions=1) as streams,
        serving(streams) as port,
        AsyncTcpClient("127.0.0.1", port, read_timeout=30) as first,
    ):
        await first.write_event(start())
        assert await first.read_event() is not None
        told = await say(port, start())
    assert told[0].data["code"] == "too_many_sessions"


async def test_stopping_the_server_lets_everybody_go():
    """Clients see the end; no task is left."""
    before = asyncio.all_tasks()
    async with service(FakeEngine()) as streams:
        async with serving(streams) as port:
            client = AsyncTcpClient("127.0.0.1", port, read_timeout=30)
            await client.connect()
            await client.write_event(start())
            assert await client.read_event() is not None
        assert await client.read_event() is None
        await client.disconnect()
        assert streams.connected == 0
    assert asyncio.all_tasks() == before


def test_a_port_that_is_taken_stops_the_start():
    """The sentence names the setting."""
    port = processes.free_port()
    check("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(StartupError, match=f"WYOMING_PORT.*{port}"):
        check("127.0.0.1", port)
