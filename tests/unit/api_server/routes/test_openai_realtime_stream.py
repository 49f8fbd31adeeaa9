"""OpenAI's realtime sessions on a native stream that is real but for its model: every word in its turn, once."""

import asyncio
import base64
import itertools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from api_server.engine.base import Samples
from api_server.routes.openai_realtime import Dictation
from api_server.streaming.connection import Connection
from tests.unit.api_server.streaming.fakes import FakeEngine, FakeSocket, service
from tests.unit.api_server.streaming.simulation import WORD, numbers, speech

COMMIT = '{"type": "input_audio_buffer.commit"}'
CLEAR = '{"type": "input_audio_buffer.clear"}'
TRANSCRIPTION = "conversation.item.input_audio_transcription"
QUIET = np.zeros(16_000, dtype=np.float32)


def update(detection: object) -> str:
    """Return the session's settings; at 16 kHz the numbers of the simulation survive."""
    heard = {"format": {"type": "audio/pcm", "rate": 16_000}, "turn_detection": detection}
    return json.dumps({"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}})


def append(audio: Samples) -> str:
    """Return audio as a client sends it."""
    data = np.round(audio * 32_768).astype("<i2").tobytes()
    return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()})


async def told(*messages: str, transcripts: int) -> list[dict[str, Any]]:
    """Return what a client is told that sends all this and waits for so many transcripts."""
    socket = FakeSocket(*messages)
    async with service(FakeEngine()) as streams:
        dictation = Dictation(socket, shape="session", model="bundled", check=streams.decode_options)
        running = asyncio.create_task(Connection(dictation, streams).run())
        try:
            async with asyncio.timeout(30):
                while len(socket.events(f"{TRANSCRIPTION}.completed")) < transcripts:  # noqa: ASYNC110 - from outside
                    await asyncio.sleep(0)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert not socket.events("error")
    return socket.got


def transcripts(events: Sequence[dict[str, Any]]) -> list[list[int]]:
    """Return the words of each transcript."""
    return [numbers(one["transcript"]) for one in events if one["type"] == f"{TRANSCRIPTION}.completed"]


def spoken(gaps: Sequence[float]) -> list[Samples]:
    """Return words one by one, each with the silence around it."""
    audio = speech(gaps)
    starts = np.cumsum([round(gap * 16_000) + WORD for gap in gaps]) - WORD
    edges = [0, *((a + WORD + b) // 2 for a, b in itertools.pairwise(starts)), audio.size]
    return [audio[low:high] for low, high in itertools.pairwise(edges)]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
async def test_every_word_is_in_the_turn_that_it_was_committed_with(data: st.DataObject) -> None:
    """Wherever the client commits or clears between words: its turns hold their words, once, in order."""
    gaps = data.draw(st.lists(st.sampled_from([0.3, 0.5, 0.9, 1.5]), min_size=2, max_size=7))
    ends = data.draw(st.lists(st.sampled_from([None, COMMIT, CLEAR]), min_size=len(gaps), max_size=len(gaps)))
    ends[-1] = COMMIT
    messages, expected, turn = [update(None)], [], []
    for number, (piece, end) in enumerate(zip(spoken(gaps), ends, strict=True)):
        messages.append(append(piece))
        turn.append(number)
        if end is not None:
            messages.append(end)
            expected += [turn] if end == COMMIT else []
            turn = []
    events = await told(*messages, transcripts=len(expected))
    assert transcripts(events) == expected
    for item in (event["item_id"] for event in events if event["type"] == f"{TRANSCRIPTION}.completed"):
        mine = [event for event in events if event.get("item_id") == item]
        deltas = "".join(event["delta"] for event in mine if event["type"] == f"{TRANSCRIPTION}.delta")
        assert deltas == mine[-1]["transcript"]


async def test_detected_turns_follow_the_silence() -> None:
    """A silence longer than asked for ends a turn, a shorter one does not; each turn is told from start to end."""
    vad = {"type": "server_vad", "silence_duration_ms": 700}
    events = await told(update(vad), append(speech([0.5, 0.3, 1.2, 0.2])), append(QUIET), transcripts=2)
    assert transcripts(events) == [[0, 1], [2, 3]]
    speech_events = [event["type"] for event in events if "speech_" in event["type"]]
    assert speech_events == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"] * 2


async def test_a_commit_answers_at_once_where_silence_would_take_its_time() -> None:
    """In detected turns too; a commit of silence has an empty transcript."""
    vad = {"type": "server_vad", "silence_duration_ms": 5000}
    events = await told(update(vad), append(speech([0.5])), COMMIT, append(QUIET), COMMIT, transcripts=2)
    assert transcripts(events) == [[0], []]


async def test_clearing_keeps_detected_turns_that_were_over() -> None:
    """What was being said is gone, what had been said and what is said next is there."""
    vad = {"type": "server_vad", "silence_duration_ms": 500}
    before, during, after = spoken([0.5, 1.5, 0.5])
    events = await told(
        update(vad), append(before), append(during[:-4000]), CLEAR, append(after), append(QUIET), transcripts=2
    )
    assert transcripts(events) == [[0], [2]]
