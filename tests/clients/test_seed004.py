"""Seed 004's calls: commands on a WebSocket, and a demonstration in a browser."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests import clips, processes
from tests.clients import seeds

pytestmark = pytest.mark.slow

WEBM = clips.clip("ogonblick")
(MESSAGES,) = seeds.examples("004", "json")
Message = dict[str, object]


def written(kind: str) -> list[Message]:
    """Return the messages of the seed's protocol that have a `command` or a `type`, in order."""
    bodies = re.findall(r"^\{.*?^\}", MESSAGES, re.DOTALL | re.MULTILINE)
    return [message for message in map(json.loads, bodies) if kind in message]


START, PROCESS, LOAD = written("command")
TRANSCRIPT, STATUS, LOADED = written("type")


@pytest.fixture
def socket(api_server_url: str) -> Iterator[ClientConnection]:
    """A connection as the seed's page opens it."""
    with connect(api_server_url.replace("http", "ws", 1) + "/ws", max_size=None) as connection:
        yield connection


def told(socket: ClientConnection, command: object) -> Message:
    """Send a command and return the answer."""
    socket.send(command if isinstance(command, str | bytes) else json.dumps(command))
    answer: Message = json.loads(socket.recv(timeout=60))
    return answer


def recorded(data: bytes = WEBM.path.read_bytes(), prefix: str = "", **fields: str) -> Message:
    """Return the seed's `process_audio` with a recording in place of its dots."""
    return {**PROCESS, "audio_data": prefix + base64.b64encode(data).decode(), **fields}


@pytest.mark.compatibility("websockets", "seed 004: start_real_recording, process_audio, load_model")
def test_a_recording_is_answered_with_its_text(socket: ClientConnection) -> None:
    """Start and a base64 webm bring every field that the seed's protocol shows."""
    started = told(socket, START)
    assert (started["type"], started["message"], started["recording"], started["model"]) == (
        "status", "Recording started", True, "bundled",
    )  # fmt: skip
    assert set(STATUS) <= set(started)
    heard = told(socket, recorded(language="sv"))
    assert set(TRANSCRIPT) <= set(heard)
    assert (heard["type"], heard["transcript"], heard["language"], heard["source"]) == (
        "transcript", WEBM.text, "sv", "real_microphone",
    )  # fmt: skip
    assert datetime.fromisoformat(str(heard["timestamp"])).utcoffset() is not None


def test_the_language_is_the_recordings_or_that_of_the_start(socket: ClientConnection) -> None:
    """The seed's German is decoded as German; a recording that names no language has the one of the start."""
    assert told(socket, recorded())["language"] == "de"
    told(socket, {**START, "language": "en"})
    unnamed = recorded()
    del unnamed["language"]
    assert told(socket, unnamed)["language"] == "en"


def test_any_container_and_a_data_url_are_taken(socket: ClientConnection) -> None:
    """`format` is not believed; what a browser's FileReader returns is understood."""
    mp3 = clips.clip("mote")
    assert told(socket, recorded(mp3.path.read_bytes(), language="sv"))["transcript"] == mp3.text
    url = recorded(prefix="data:audio/webm;codecs=opus;base64,", language="sv")
    assert told(socket, url)["transcript"] == WEBM.text


@pytest.mark.compatibility("websockets", "seed 004: start_real_recording, process_audio, load_model")
def test_a_model_is_loaded_over_both_interfaces(socket: ClientConnection, api_server_url: str) -> None:
    """The resident model is there already; the answers have the seed's fields."""
    loaded = told(socket, {**LOAD, "model_name": "bundled"})
    assert set(LOADED) <= set(loaded)
    assert (loaded["type"], loaded["model"]) == ("model_loaded", "bundled")
    assert told(socket, recorded(language="sv"))["model"] == "bundled"
    posted = httpx.post(f"{api_server_url}/api/load-model", json={"model_name": "bundled"}, timeout=60)
    assert set(posted.json()) == set(loaded)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("no json", "invalid_parameter"),
        (b"\x00\x01", "invalid_parameter"),
        ("[]", "invalid_parameter"),
        ({}, "invalid_parameter"),
        ({"command": "dance"}, "invalid_parameter"),
        ({"command": "process_audio"}, "invalid_parameter"),
        (PROCESS, "invalid_parameter"),  # as it stands in the seed, its recording ends in dots
        ({**PROCESS, "audio_data": ""}, "empty_audio"),
        (recorded(b"no audio"), "unsupported_audio"),
        (recorded(language="xx"), "invalid_parameter"),
        ({**LOAD, "model_name": "/etc"}, "model_not_found"),
        ({**LOAD, "model_name": ""}, "invalid_parameter"),
    ],
)
def test_bad_commands_are_told_and_end_nothing(socket: ClientConnection, command: object, code: str) -> None:
    """The error has the native shape, and the connection goes on."""
    error = told(socket, command)
    assert (error["type"], error["code"], error["fatal"]) == ("error", code, False)
    assert error["message"]
    assert told(socket, START)["type"] == "status"


def test_the_page_and_the_status(api_server_url: str) -> None:
    """`/demo` is the page; `/api/status` says that the model decodes."""
    with httpx.Client(base_url=api_server_url, timeout=60) as client:
        assert client.get("/demo").content == client.get("/").content
        status = client.get("/api/status").json()
        assert (status["model"], status["system_ready"], status["status"]) == ("bundled", True, "ok")
        assert client.post("/api/load-model", json={"model": "/etc"}).json()["error"]["code"] == "model_not_found"
        for body in ({}, {"model_name": ""}, []):
            refused = client.post("/api/load-model", json=body)
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_parameter")


def test_keys_are_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A socket without a key is told so and closed; one with the key is served."""
    with processes.running("api_server", tmp_path_factory.mktemp("keyed"), API_KEYS="hemlig") as service:
        address = service.url.replace("http", "ws", 1) + "/ws"
        with connect(address) as refused:
            assert json.loads(refused.recv(timeout=60))["code"] == "unauthorized"
        with connect(f"{address}?api_key=hemlig") as known:
            assert told(known, START)["type"] == "status"
        assert httpx.post(f"{service.url}/api/load-model", json={"model": "bundled"}).status_code == 401
