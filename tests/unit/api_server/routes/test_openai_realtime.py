"""OpenAI's realtime events and what they mean, without sockets, models or clocks."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_server.routes.openai_realtime import Dictation
from api_server.routes.openai_realtime_session import Shape
from api_server.streaming.outbox import Sent
from shared.errors import InvalidParameter, ModelNotFound
from shared.events import Final, Flushed, Partial, SpeechStarted, Start, StreamError, WordTime
from tests.unit.api_server.streaming.fakes import FakeSocket

SECOND = b"\x01\x00" * 24_000
MANUAL = {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}}
COMMIT = {"type": "input_audio_buffer.commit"}
CLEAR = {"type": "input_audio_buffer.clear"}
TRANSCRIPTION = "conversation.item.input_audio_transcription"
KINDS = ("session.update", "transcription_session.update", "input_audio_buffer.append", COMMIT["type"], CLEAR["type"])
NAMES = (
    "type", "event_id", "session", "audio", "input", "format", "rate", "transcription", "turn_detection", "include",
    "input_audio_format", "input_audio_transcription", "model", "language", "languages", "keywords", "eagerness",
)  # fmt: skip
ANSWERS = ("error", "session.updated", "transcription_session.updated", "input_audio_buffer.cleared")


def check(start: Start) -> None:
    """Know Swedish and one model."""
    if start.language not in {None, "auto", "sv"}:
        raise InvalidParameter("language", expected="auto or sv", got=start.language)
    if start.model not in {None, "bundled"}:
        raise ModelNotFound("Streams are served by 'bundled' only.")


class Client:
    """One of OpenAI's clients, and the native stream on the other side."""

    def __init__(self, shape: Shape = "session", *events: dict[str, Any]) -> None:
        self.socket = FakeSocket(*(json.dumps(event) for event in events))
        self.dictation = Dictation(self.socket, shape=shape, model="bundled", check=check)

    async def says(self, *events: dict[str, Any]) -> list[Any]:
        """Send events; return what they mean natively, JSON read."""
        meant = [one for event in events for one in await self.dictation.hear(json.dumps(event))]
        return [json.loads(one) if isinstance(one, str) else one for one in meant]

    async def hears(self, *events: Sent) -> list[dict[str, Any]]:
        """Let native events happen; return what the client is told of them."""
        before = len(self.socket.got)
        for event in events:
            await self.dictation.send(event.model_dump_json())
        return self.socket.got[before:]

    @property
    def error(self) -> dict[str, Any]:
        """The error that came last."""
        last = self.socket.got[-1]
        assert last["type"] == "error"
        error: dict[str, Any] = last["error"]
        return error


def append(data: bytes = SECOND) -> dict[str, Any]:
    """Return audio as a client sends it."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}


def update(**heard: object) -> dict[str, Any]:
    """Return an update of the present shape."""
    return {"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}}


def earlier_update(**session: object) -> dict[str, Any]:
    """Return an update of the earlier shape."""
    return {"type": "transcription_session.update", "session": session}


def started(utterance: int, start: float) -> SpeechStarted:
    """Return that somebody began to speak."""
    return SpeechStarted(utterance=utterance, start=start)


def partial(utterance: int, committed: str, tentative: str = "") -> Partial:
    """Return what an utterance seems to be."""
    return Partial(utterance=utterance, start=0, end=1, committed=committed, tentative=tentative, lag=0)


def final(utterance: int, text: str, *, end: float = 1.5, words: list[WordTime] | None = None) -> Final:
    """Return what an utterance was."""
    return Final(
        utterance=utterance, start=0.5, end=end, text=text, language="sv", confidence=0.9, words=words, latency=0.1
    )


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    """Return what events are called."""
    return [event["type"] for event in events]


def deltas(events: Sequence[dict[str, Any]]) -> str:
    """Return the deltas joined."""
    return "".join(event["delta"] for event in events if event["type"] == f"{TRANSCRIPTION}.delta")


# --- sessions


@pytest.mark.parametrize("shape", ["session", "transcription_session"])
async def test_a_session_is_told_before_the_client_says_anything(shape: Shape) -> None:
    """`created` comes first, in the shape that the connection asked for, each event with an id."""
    client = Client(shape, append())
    await client.dictation.receive()
    created = client.socket.got[0]
    assert created["type"] == f"{shape}.created"
    assert created["event_id"]
    assert created["session"]["object"] == "realtime.transcription_session"


async def test_the_present_shape_becomes_a_native_stream() -> None:
    """Format, language, prompt, turns and logprobs reach the native `start`; the session is told as it is now."""
    client = Client()
    event = update(
        format={"type": "audio/pcm", "rate": 24_000},
        transcription={"model": "gpt-4o-transcribe", "language": "sv", "prompt": "Luleå"},
        turn_detection={"type": "server_vad", "silence_duration_ms": 800},
    )
    event["session"]["include"] = ["item.input_audio_transcription.logprobs"]
    assert await client.says(event) == []
    told = client.socket.got[-1]
    assert told["type"] == "session.updated"
    heard = told["session"]["audio"]["input"]
    assert heard["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert heard["transcription"]["model"] == "gpt-4o-transcribe"
    assert heard["turn_detection"]["silence_duration_ms"] == 800
    start, audio = await client.says(append())
    assert (start["sample_rate"], start["language"], start["prompt"]) == (24_000, "sv", "Luleå")
    assert (start["model"], start["endpoint_silence"], start["word_timestamps"]) == (None, 0.8, True)
    assert audio == SECOND


async def test_the_earlier_shape_becomes_a_native_stream() -> None:
    """It is answered in its own words."""
    client = Client("transcription_session")
    event = earlier_update(
        input_audio_format="g711_ulaw",
        input_audio_transcription={"model": "whisper-1", "language": "sv"},
        turn_detection={"type": "semantic_vad", "eagerness": "low"},
        input_audio_noise_reduction={"type": "near_field"},
    )
    await client.says(event)
    told = client.socket.got[-1]
    assert told["type"] == "transcription_session.updated"
    assert told["session"]["input_audio_format"] == "g711_ulaw"
    assert told["session"]["input_audio_transcription"]["model"] == "whisper-1"
    assert told["session"]["turn_detection"] == {"type": "semantic_vad", "eagerness": "low"}
    start, audio = await client.says(append(b"\xff\x7f"))
    assert (start["sample_rate"], start["language"], start["endpoint_silence"]) == (8_000, "sv", 1.5)
    assert audio == b"\x00\x00\x00\x00"


async def test_a_law_is_its_own() -> None:
    """`audio/pcma` is read by its own table."""
    client = Client()
    await client.says(update(format={"type": "audio/pcma"}))
    _start, audio = await client.says(append(b"\xd5\x55"))
    assert np.frombuffer(audio, "<i2").tolist() == [8, -8] or np.frombuffer(audio, "<i2").tolist() == [-8, 8]


async def test_an_update_changes_what_it_names() -> None:
    """The rest stays as it was."""
    client = Client()
    await client.says(update(transcription={"language": "sv"}), update(turn_detection=None))
    session = client.socket.got[-1]["session"]["audio"]["input"]
    assert (session["transcription"]["language"], session["turn_detection"]) == ("sv", None)


@pytest.mark.parametrize(
    "session",
    [{}, {"audio": None}, {"audio": {"input": None}}, {"audio": {"input": {"turn_detection": {}}}}, {"include": None}],
)
async def test_what_is_left_out_or_null_has_its_default(session: dict[str, Any]) -> None:
    """24 kHz, the resident model, turns that half a second of silence ends."""
    client = Client()
    await client.says({"type": "session.update", "session": session})
    heard = client.socket.got[-1]["session"]["audio"]["input"]
    assert heard["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert heard["transcription"]["model"] == "bundled"
    assert (heard["turn_detection"]["type"], heard["turn_detection"]["silence_duration_ms"]) == ("server_vad", 500)


@pytest.mark.parametrize(
    ("asked", "language"),
    [({"languages": ["sv"]}, "sv"), ({"languages": ["sv", "en"]}, "auto"), ({"languages": []}, None), ({}, None)],
)
async def test_languages_and_keywords_of_newer_models_are_used(asked: dict[str, Any], language: str | None) -> None:
    """One language is the language; keywords are expected words."""
    client = Client()
    await client.says(update(transcription={"model": "gpt-live-transcribe", "keywords": ["Luleå", "Åre"], **asked}))
    start, _audio = await client.says(append())
    assert (start["language"], start["hotwords"], start["model"]) == (language, "Luleå, Åre", None)


@pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
async def test_models_whose_clients_end_the_turns_need_not_say_so(model: str) -> None:
    """Without a word about turns there is no detection for them."""
    client = Client()
    await client.says(update(transcription={"model": model}))
    assert client.socket.got[-1]["session"]["audio"]["input"]["turn_detection"] is None


async def test_a_session_is_fixed_once_audio_has_come() -> None:
    """The same again is fine, a change is refused and changes nothing, and the stream goes on."""
    client = Client()
    await client.says(update(transcription={"language": "sv"}), append())
    await client.says(update(transcription={"language": "sv"}))
    assert client.socket.got[-1]["type"] == "session.updated"
    await client.says(update(transcription={"language": "auto"}))
    assert (client.error["code"], client.error["param"]) == ("conflict", "session")
    assert await client.says(append(b"\x01\x00")) == [b"\x01\x00"]


# --- turns that silence ends


async def test_a_turn_is_told_from_its_first_word_to_its_transcript() -> None:
    """Speech started, deltas that only grow, stopped, committed, the item, the rest, the whole: one item id."""
    client = Client()
    await client.says(append())
    told = await client.hears(
        started(0, 0.5), partial(0, "", "hej"), partial(0, "hej jag", " het"), final(0, "hej jag heter Anna.")
    )
    assert kinds(told) == [
        "input_audio_buffer.speech_started",
        f"{TRANSCRIPTION}.delta",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{TRANSCRIPTION}.delta",
        f"{TRANSCRIPTION}.completed",
    ]
    assert deltas(told) == told[-1]["transcript"] == "hej jag heter Anna."
    assert told[-1]["usage"] == {"type": "duration", "seconds": 1.0}
    assert (told[0]["audio_start_ms"], told[2]["audio_end_ms"]) == (500, 1500)
    assert {event.get("item_id") or event["item"]["id"] for event in told} == {told[0]["item_id"]}
    assert len({event["event_id"] for event in told}) == len(told)


async def test_the_earlier_shape_has_items_created() -> None:
    """One `created` instead of `added` and `done`; items know the one before them."""
    client = Client("transcription_session")
    await client.says(append())
    first = await client.hears(started(0, 0.5), final(0, "ett"))
    second = await client.hears(started(1, 2.5), final(1, "två", end=3))
    created = [event for event in first + second if event["type"].startswith("conversation.item.created")]
    assert [event["previous_item_id"] for event in created] == [None, created[0]["item"]["id"]]


async def test_a_final_that_contradicts_its_deltas_is_told_whole() -> None:
    """Deltas are never taken back; `completed` has what holds."""
    client = Client()
    await client.says(append())
    told = await client.hears(started(0, 0.5), partial(0, "hey jag"), final(0, "Hej, jag är här."))
    assert deltas(told) == "hey jag"
    assert told[-1]["transcript"] == "Hej, jag är här."


async def test_speech_that_goes_on_ends_the_turn_before() -> None:
    """Started and stopped take turns although a final is late; each transcript is its own item's."""
    client = Client()
    await client.says(append())
    told = await client.hears(started(0, 0.5), started(1, 1.6), final(0, "ett"), final(1, "två", end=2.5))
    speech = [kind.rpartition("_")[2] for kind in kinds(told) if "speech" in kind]
    assert speech == ["started", "stopped", "started", "stopped"]
    completed = [event for event in told if event["type"] == f"{TRANSCRIPTION}.completed"]
    begun = [event for event in told if event["type"] == "input_audio_buffer.speech_started"]
    assert [event["item_id"] for event in completed] == [event["item_id"] for event in begun]
    assert [event["transcript"] for event in completed] == ["ett", "två"]


async def test_a_commit_ends_the_turn_that_goes_on() -> None:
    """The native stream is flushed; the final that comes of it is the answer."""
    client = Client()
    *_, flush = await client.says(append(), COMMIT)
    assert flush == {"type": "flush", "mark": "commit"}
    told = await client.hears(started(0, 0.5), final(0, "hej"), Flushed(mark="commit"))
    assert kinds(told).count(f"{TRANSCRIPTION}.completed") == 1


async def test_a_commit_of_silence_is_answered_too() -> None:
    """Whoever waits for the transcript of what was committed gets an empty one."""
    client = Client()
    await client.says(append(), COMMIT)
    told = await client.hears(Flushed(mark="commit"))
    assert kinds(told)[0] == "input_audio_buffer.committed"
    assert (told[-1]["type"], told[-1]["transcript"]) == (f"{TRANSCRIPTION}.completed", "")


async def test_clearing_takes_back_the_turn_that_goes_on() -> None:
    """It is not transcribed; what was over before is, and so is what comes after."""
    client = Client()
    *_, flush = await client.says(append(SECOND * 4), CLEAR)
    assert client.socket.got[-1]["type"] == "input_audio_buffer.cleared"
    assert flush == {"type": "flush", "mark": "clear"}
    over = await client.hears(started(0, 0.5), final(0, "klart", end=2))
    lost = await client.hears(started(1, 2.8), partial(1, "glöm"), final(1, "glöm det", end=3.9))
    await client.hears(Flushed(mark="clear"))
    kept = await client.hears(started(2, 4.5), final(2, "nytt", end=5))
    assert over[-1]["transcript"] == "klart"
    assert kinds(lost) == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]
    assert kept[-1]["transcript"] == "nytt"


async def test_clearing_nothing_leaves_the_session_open_to_change() -> None:
    """No stream is begun for it."""
    client = Client()
    assert await client.says(CLEAR) == []
    assert kinds(client.socket.got) == ["input_audio_buffer.cleared"]


async def test_a_turn_that_cannot_be_decoded_has_failed() -> None:
    """`failed` names the item, and the next one is not touched by it."""
    client = Client()
    await client.says(append())
    broken = StreamError(code="internal", message="The engine failed on this utterance.", fatal=False)
    told = await client.hears(started(0, 0.5), broken, final(0, ""))
    assert told[-1]["type"] == f"{TRANSCRIPTION}.failed"
    assert told[-1]["item_id"] == told[0]["item_id"]
    assert (told[-1]["error"]["type"], told[-1]["error"]["code"]) == ("server_error", "internal")
    assert (await client.hears(started(1, 2), final(1, "hej", end=3)))[-1]["transcript"] == "hej"


async def test_logprobs_come_when_asked_for() -> None:
    """One for each word of the transcript."""
    client = Client()
    event = update()
    event["session"]["include"] = ["item.input_audio_transcription.logprobs"]
    await client.says(event, append())
    words = [WordTime(start=0.5, end=1, word="hej", probability=0.5)]
    told = await client.hears(started(0, 0.5), final(0, "hej", words=words))
    assert told[-1]["logprobs"] == [{"token": "hej", "logprob": -0.6931, "bytes": [104, 101, 106]}]


# --- turns that the client ends


async def test_nothing_is_finished_before_the_commit() -> None:
    """Deltas are live; pauses within the turn end nothing; the commit brings one transcript of it all."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 4))
    before = await client.hears(started(0, 0.5), partial(0, "hej"), final(0, "hej jag"), started(1, 2))
    before += await client.hears(partial(1, "heter"))
    assert set(kinds(before)) == {f"{TRANSCRIPTION}.delta"}
    assert await client.says(COMMIT) == [{"type": "flush", "mark": "commit"}]
    assert kinds(client.socket.got)[-3:] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    after = await client.hears(final(1, "heter Anna", end=3), Flushed(mark="commit"))
    assert deltas(before + after) == after[-1]["transcript"] == "hej jag heter Anna"
    assert after[-1]["usage"] == {"type": "duration", "seconds": 4.0}
    assert {event["item_id"] for event in before + after} == {
        client.socket.events("input_audio_buffer.committed")[0]["item_id"]
    }


async def test_deltas_of_one_turn_come_in_the_order_of_speech() -> None:
    """What is said after a pause waits until what was said before it is whole."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 4))
    told = await client.hears(
        started(0, 0.5), partial(0, "ett"), started(1, 2), partial(1, "tre"), final(0, "ett två"), final(1, "tre fyra")
    )
    assert deltas(told) == "ett två tre fyra"


async def test_turns_do_not_mix() -> None:
    """Speech after a commit belongs to the next turn although the first one's final is late."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 2), COMMIT, append(SECOND * 2))
    first = await client.hears(started(0, 0.5), started(1, 2.0), partial(1, "två"), final(0, "ett"))
    first += await client.hears(Flushed(mark="commit"))
    await client.says(COMMIT)
    second = await client.hears(final(1, "två tre", end=3.5), Flushed(mark="commit"))
    done = [event for event in first + second if event["type"] == f"{TRANSCRIPTION}.completed"]
    assert [event["transcript"] for event in done] == ["ett", "två tre"]
    assert done[0]["item_id"] != done[1]["item_id"]


async def test_what_begins_at_the_very_end_is_not_lost() -> None:
    """An utterance that was taken for the committed turn's and ends after it is the next one's."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 2), COMMIT, append(SECOND))
    first = await client.hears(started(0, 1.85), Flushed(mark="commit"))
    await client.says(COMMIT)
    second = await client.hears(final(0, "sent", end=2.9), Flushed(mark="commit"))
    assert (first[-1]["transcript"], second[-1]["transcript"]) == ("", "sent")


async def test_a_cleared_turn_is_gone() -> None:
    """None of its words come, and the next turn is whole."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 2), CLEAR, append(SECOND * 2), COMMIT)
    told = await client.hears(started(0, 0.5), final(0, "glöm"), Flushed(mark="clear"))
    assert told == []
    told = await client.hears(started(1, 2.2), final(1, "minns", end=3.5), Flushed(mark="commit"))
    assert deltas(told) == told[-1]["transcript"] == "minns"


async def test_what_failed_within_a_turn_is_said_beside_the_rest() -> None:
    """The words that were heard come, and so does the error."""
    client = Client()
    await client.says(MANUAL, append(SECOND * 4), COMMIT)
    broken = StreamError(code="busy", message="The wait would be too long.", fatal=False)
    told = await client.hears(started(0, 0.5), final(0, "ett"), started(1, 2), broken, final(1, ""))
    told = await client.hears(Flushed(mark="commit"))
    assert kinds(told) == ["error", f"{TRANSCRIPTION}.completed"]
    assert (told[0]["error"]["code"], told[1]["transcript"]) == ("busy", "ett")


# --- what cannot be


BAD = [
    pytest.param("", "type", id="nothing"),
    pytest.param("{", "type", id="no JSON"),
    pytest.param("[1]", "type", id="no object"),
    pytest.param("[" * 100_000, "type", id="deep"),
    *(
        pytest.param(
            f'{{"type": "session.update", "session": {{"audio": {"[" * depth}{"]" * depth}}}}}{" " * padding}',
            "type",
            id=f"{depth} deep, {padding} long",
        )
        for depth in (300, 800, 970)
        for padding in (0, 1_000_000)
    ),
    pytest.param('{"type": "session.update", "event_id": "\\ud800"}', "type", id="half a letter"),
    pytest.param(b"\x00\x01", "type", id="binary"),
    pytest.param('{"type": 7}', "type", id="type is a number"),
    pytest.param({"type": "response.create"}, "type", id="sessions that talk"),
    pytest.param({"type": "input_audio_buffer.append"}, "audio", id="no audio"),
    pytest.param({"type": "input_audio_buffer.append", "audio": 7}, "audio", id="audio is a number"),
    pytest.param({"type": "input_audio_buffer.append", "audio": "å"}, "audio", id="audio is text"),
    pytest.param({"type": "input_audio_buffer.append", "audio": "abc"}, "audio", id="audio is cut"),
    pytest.param({"type": "session.update"}, "session", id="no session"),
    pytest.param({"type": "session.update", "session": []}, "session", id="session is a list"),
    pytest.param({"type": "session.update", "session": {"type": "realtime"}}, "session.type", id="session that talks"),
    pytest.param(
        {"type": "session.update", "session": {"input_audio_format": "pcm16"}},
        "session.input_audio_format",
        id="names of the earlier shape",
    ),
    pytest.param(update(format={"type": "audio/mp3"}), "session.audio.input.format.type", id="format"),
    pytest.param(update(format={"type": "audio/pcm", "rate": 1}), "session.audio.input.format.rate", id="rate"),
    pytest.param(
        update(turn_detection={"type": "magic"}), "session.audio.input.turn_detection.type", id="turn detection"
    ),
    pytest.param(update(turn_detection=7), "session.audio.input.turn_detection", id="turn detection is a number"),
    pytest.param(
        update(turn_detection={"type": "server_vad", "silence_duration_ms": -1}),
        "session.audio.input.turn_detection.silence_duration_ms",
        id="silence",
    ),
    pytest.param(
        update(transcription={"language": "tlh"}), "session.audio.input.transcription.language", id="language"
    ),
    pytest.param(update(transcription={"model": "x"}), "session.audio.input.transcription.model", id="model"),
    pytest.param(update(transcription={"prompt": 7}), "session.audio.input.transcription.prompt", id="prompt"),
    pytest.param(earlier_update(input_audio_format="mp3"), "session.input_audio_format", id="earlier: format"),
    pytest.param(
        earlier_update(input_audio_transcription={"language": "tlh"}),
        "session.input_audio_transcription.language",
        id="earlier: language",
    ),
    pytest.param(COMMIT, None, id="commit of nothing"),
]


@pytest.mark.parametrize(("message", "param"), BAD)
async def test_whatever_is_wrong_is_told_and_the_session_goes_on(message: object, param: str | None) -> None:
    """The error has OpenAI's shape and names the event and the field; nothing reaches the native stream."""
    client = Client()
    sent = json.dumps({**message, "event_id": "mine"}) if isinstance(message, dict) else message
    assert isinstance(sent, str | bytes)
    assert await client.dictation.hear(sent) == []
    assert client.socket.got[-1]["event_id"]
    assert set(client.error) == {"type", "code", "message", "param", "event_id"}
    assert (client.error["type"], client.error["param"]) == ("invalid_request_error", param)
    assert client.error["event_id"] == ("mine" if isinstance(message, dict) else None)
    assert len(await client.says(append())) == 2


async def test_only_audio_may_be_long() -> None:
    """Settings of megabytes would hold up every stream while they are read; the session goes on."""
    client = Client()
    await client.says({**update(), "padding": "x" * 65_536})
    assert client.error["code"] == "upload_too_large"
    assert len(await client.dictation.hear(json.dumps(append(SECOND * 3)))) == 2


async def test_an_empty_commit_has_the_code_that_clients_look_for() -> None:
    """Less than a tenth of a second cannot be committed, and what was committed not twice."""
    client = Client()
    await client.says(MANUAL, append(SECOND[:4000]), COMMIT)
    assert client.error["code"] == "input_audio_buffer_commit_empty"
    await client.says(append(), COMMIT, COMMIT)
    assert client.error["code"] == "input_audio_buffer_commit_empty"
    assert len(client.socket.events("input_audio_buffer.committed")) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from(KINDS), body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
async def test_no_event_is_too_strange(kind: str, body: dict[str, Any]) -> None:
    """Whatever a client sends is answered in OpenAI's events or heard; nothing is raised."""
    client = Client()
    await client.says({**body, "type": kind}, append())
    assert all(event["type"] in ANSWERS for event in client.socket.got)
