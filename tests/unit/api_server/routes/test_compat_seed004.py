"""Seed 004's conversation on a transcriber that hears what it is told, and a client that leaves."""

import asyncio
import base64
import json
from pathlib import Path

import pytest

from api_server.engine.fake import Failing, FakeTranscriber, Gate
from api_server.routes.compat.seed004 import Conversation
from api_server.streaming.connection import Disconnected
from tests.unit.api_server.test_app import running, services, speech

RECORDING = json.dumps({"command": "process_audio", "audio_data": base64.b64encode(speech()).decode()})
START = json.dumps({"command": "start_real_recording"})


class Client:
    """Says what it is told to, and leaves when it is told to."""

    def __init__(self, *messages: str) -> None:
        self.says: asyncio.Queue[str | None] = asyncio.Queue()
        self.got: list[dict[str, object]] = []
        for message in messages:
            self.says.put_nowait(message)

    async def receive(self) -> str | bytes:
        """Return what it says next."""
        message = await self.says.get()
        if message is None:
            raise Disconnected
        return message

    async def send(self, text: str) -> None:
        """Keep an answer."""
        self.got.append(json.loads(text))

    def leave(self) -> None:
        """Go."""
        self.says.put_nowait(None)


async def test_commands_are_answered_in_order(tmp_path: Path) -> None:
    """A second command waits for the first one's answer; the end of the client is the end."""
    async with running(tmp_path, FakeTranscriber("Hej.")) as (_client, app):
        client = Client(RECORDING, START, RECORDING)
        conversation = asyncio.create_task(Conversation(client, services(app)).run())
        async with asyncio.timeout(20):
            while len(client.got) < 3:  # noqa: ASYNC110 - what it waits for has no event
                await asyncio.sleep(0)
            client.leave()
            await conversation
    assert [answer["type"] for answer in client.got] == ["transcript", "status", "transcript"]
    assert client.got[0]["transcript"] == "Hej."


async def test_work_ends_with_its_client(tmp_path: Path) -> None:
    """A client that leaves while it is heard gets no answer, and the lane is free for the next one."""
    gate = Gate()
    gate.let(0)  # the probe's
    async with running(tmp_path, FakeTranscriber(at_window=gate)) as (_client, app):
        client = Client(RECORDING)
        conversation = asyncio.create_task(Conversation(client, services(app)).run())
        assert await asyncio.to_thread(gate.reached, 1)
        client.leave()
        async with asyncio.timeout(20):
            await conversation
        gate.let(1, 2)
    assert client.got == []


async def test_a_failure_nobody_foresaw_is_for_the_supervisor(tmp_path: Path) -> None:
    """It comes out as a group, which the route tells the client and the log of."""
    broken = FakeTranscriber(at_window=Failing({1: RuntimeError("/secret/path")}))
    async with running(tmp_path, broken) as (_client, app):
        client = Client(RECORDING)
        with pytest.raises(ExceptionGroup):
            await Conversation(client, services(app)).run()
    assert client.got == []
