"""Wyoming's own client, as Home Assistant uses it, against a running api_server."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from shared.audio import SAMPLE_RATE, decode
from tests import clips, processes
from tests.clips import Clip
from tests.integration.talking import until
from tests.processes import Service

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
LONG = clips.clip("paus")
PATIENCE = 120.0
_CHUNK = 1_024
"""Samples that Home Assistant sends at once."""


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the client."""
    return pytest.mark.compatibility("wyoming", name)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An api_server that listens for assistants, and asks everybody else for a key."""
    port = str(processes.free_port())
    folder = tmp_path_factory.mktemp("wyoming")
    with processes.running("api_server", folder, WYOMING_PORT=port, API_KEYS="hemlig", MAX_AUDIO_SECONDS="30") as one:
        yield one


@pytest.fixture
async def client(service: Service) -> AsyncIterator[AsyncTcpClient]:
    """A connection."""
    async with AsyncTcpClient("127.0.0.1", _port(service), read_timeout=PATIENCE) as connected:
        yield connected


def _port(service: Service) -> int:
    return int(service.environment["WYOMING_PORT"])


def _chunks(clip: Clip) -> Iterator[Event]:
    pcm = np.round(decode(clip.path, max_seconds=60).samples * 32_767).astype("<i2")
    for at in range(0, pcm.size, _CHUNK):
        yield AudioChunk(rate=SAMPLE_RATE, width=2, channels=1, audio=pcm[at : at + _CHUNK].tobytes()).event()


async def _speak(client: AsyncTcpClient, clip: Clip) -> None:
    await client.write_event(AudioStart(rate=SAMPLE_RATE, width=2, channels=1).event())
    for chunk in _chunks(clip):
        await client.write_event(chunk)
    await client.write_event(AudioStop().event())


async def _told(client: AsyncTcpClient) -> list[Event]:
    events: list[Event] = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if event.type == "transcript-stop":
            break
    return events


@feature("describe: model, languages, streaming")
async def test_describe(client: AsyncTcpClient) -> None:
    """The resident model is there with Swedish among its languages."""
    await client.write_event(Describe().event())
    answer = await client.read_event()
    assert answer is not None
    (program,) = Info.from_event(answer).asr
    assert program.installed
    assert program.supports_transcript_streaming
    assert [model.name for model in program.models] == ["bundled"]
    assert {"sv", "en"} <= set(program.models[0].languages)


@feature("transcribe: language, audio, transcript")
@pytest.mark.parametrize("wanted", [Transcribe(language="sv"), Transcribe(name="bundled", language="sv-SE"), None])
async def test_a_command(client: AsyncTcpClient, wanted: Transcribe | None) -> None:
    """What Home Assistant sends brings what was said, whatever it reads of the rest."""
    if wanted is not None:
        await client.write_event(wanted.event())
    await _speak(client, SAID)
    (transcript,) = [Transcript.from_event(one) for one in await _told(client) if Transcript.is_type(one.type)]
    assert (transcript.text, transcript.language) == (SAID.text, "sv")


@feature("transcript streaming: start, chunks, stop")
async def test_streaming(client: AsyncTcpClient) -> None:
    """A sentence is told while the speaker goes on; joined the chunks are the transcript."""
    await client.write_event(AudioStart(rate=SAMPLE_RATE, width=2, channels=1).event())
    for chunk in _chunks(LONG):
        await client.write_event(chunk)
    begun = [await client.read_event() for _turn in range(2)]
    await client.write_event(AudioStop().event())
    events = [event for event in begun if event is not None] + await _told(client)
    types = [event.type for event in events]
    chunks = [TranscriptChunk.from_event(one).text for one in events if TranscriptChunk.is_type(one.type)]
    assert types == ["transcript-start", *["transcript-chunk"] * len(chunks), "transcript", "transcript-stop"]
    assert len(chunks) > 1
    assert "".join(chunks) == Transcript.from_event(events[-2]).text == LONG.text


@feature("several commands on one connection, ping")
async def test_several_commands(client: AsyncTcpClient) -> None:
    """The second one is answered as the first."""
    for _turn in range(2):
        await _speak(client, SAID)
        assert Transcript.from_event((await _told(client))[-2]).text == SAID.text
    await client.write_event(Ping(text="hej").event())
    answer = await client.read_event()
    assert answer is not None
    assert Pong.from_event(answer).text == "hej"


@feature("several at once")
async def test_several_at_once(service: Service) -> None:
    """Each hears its own."""

    async def one(clip: Clip) -> str:
        async with AsyncTcpClient("127.0.0.1", _port(service), read_timeout=PATIENCE) as client:
            await _speak(client, clip)
            return Transcript.from_event((await _told(client))[-2]).text

    spoken = [SAID, LONG, SAID]
    assert await asyncio.gather(*(one(clip) for clip in spoken)) == [clip.text for clip in spoken]


@feature("errors: language, model, format, too long")
@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([Transcribe(language="klingon"), AudioStart(16_000, 2, 1)], "invalid_parameter"),
        ([Transcribe(name="whisper-9"), AudioStart(16_000, 2, 1)], "model_not_found"),
        ([AudioStart(1, 2, 1)], "invalid_parameter"),
        ([AudioStart(16_000, 2, 1), AudioChunk(16_000, 2, 1, bytes(32_000 * 31))], "audio_too_long"),
    ],
)
async def test_errors(client: AsyncTcpClient, events: list[Transcribe | AudioStart | AudioChunk], code: str) -> None:
    """The client's own error event says why, and the connection ends."""
    for event in events:
        await client.write_event(event.event())
    told = await _told(client)
    assert Error.is_type(told[-1].type)
    assert Error.from_event(told[-1]).code == code
    assert await client.read_event() is None


def test_that_there_are_no_keys_is_said_once(service: Service) -> None:
    """Who has set keys is warned at the start."""
    assert service.log.count("WYOMING_PORT asks for no API key") == 1


async def test_a_client_in_the_middle_does_not_hold_up_the_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SIGTERM lets go of whoever is connected; the process ends with 0."""
    port = processes.free_port()
    folder = tmp_path_factory.mktemp("stopped")
    with processes.running("api_server", folder, WYOMING_PORT=str(port)) as service:
        async with AsyncTcpClient("127.0.0.1", port, read_timeout=PATIENCE) as client:
            await client.write_event(AudioStart(rate=SAMPLE_RATE, width=2, channels=1).event())
            assert await client.read_event() is not None
            service.process.send_signal(signal.SIGTERM)
            assert await client.read_event() is None
        assert service.process.wait(60) == 0
        assert "Traceback" not in service.log


def test_a_port_that_is_taken_is_said_in_one_line(service: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A second server does not start."""
    folder = tmp_path_factory.mktemp("taken")
    second = processes.start("api_server", folder, WYOMING_PORT=service.environment["WYOMING_PORT"])
    until(lambda: second.process.poll() is not None)
    assert second.process.returncode == 2
    assert "WYOMING_PORT: expected a free port on 127.0.0.1" in second.log
    assert "Traceback" not in second.log
