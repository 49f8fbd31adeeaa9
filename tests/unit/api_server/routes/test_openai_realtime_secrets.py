"""Keys that are lent to browsers, and the sessions that they open."""

from pathlib import Path
from typing import Any

import pytest

from api_server.engine.fake import FakeTranscriber
from api_server.routes.openai_realtime_secrets import _MOST, Secrets
from api_server.routes.openai_realtime_session import Session
from shared.errors import Busy
from tests.unit.api_server.test_app import running

KEY = {"Authorization": "Bearer hemlig"}


class Clock:
    """Seconds since 1970."""

    now = 1_000.4

    def __call__(self) -> float:
        return self.now


def test_a_key_is_lent_until_it_expires() -> None:
    """It opens any number of sessions until then, and stands for the key of whoever asked for it."""
    clock = Clock()
    secrets = Secrets(clock)
    session = Session(encoding="pcmu", rate=8_000)
    value, lent = secrets.lend("hemlig", session, seconds=10)
    assert value.startswith("ek_")
    assert (lent.key, lent.session, lent.expires_at) == ("hemlig", session, 1_010)
    clock.now = 1_009.9
    assert secrets.find(value) is secrets.find(value) is lent
    clock.now = 1_010.0
    assert secrets.find(value) is None


def test_no_other_key_is_known() -> None:
    """Nor none, nor an empty one."""
    secrets = Secrets()
    first, second = (secrets.lend("hemlig", Session(), seconds=10)[0] for _one in range(2))
    assert first != second
    assert [secrets.find(value) for value in (None, "", "ek_", "hemlig", first + "x")] == [None] * 5


def test_what_is_lent_is_bounded() -> None:
    """Each keeps a session in memory; expired ones make room."""
    clock = Clock()
    secrets = Secrets(clock)
    for _one in range(_MOST):
        secrets.lend(None, Session(), seconds=30)
    with pytest.raises(Busy) as refused:
        secrets.lend(None, Session(), seconds=30)
    assert refused.value.retry_after == 30
    clock.now += 31
    assert secrets.lend(None, Session(), seconds=30)


async def test_both_shapes_are_answered_with_a_key_and_the_session(tmp_path: Path) -> None:
    """The key is in the place where that shape's clients look for it."""
    async with running(tmp_path, FakeTranscriber("Hej."), ready=False) as (client, _app):
        heard = {"transcription": {"language": "en"}, "turn_detection": None}
        wanted = {"expires_after": {"anchor": "created_at", "seconds": 60}, "session": {"audio": {"input": heard}}}
        now = (await client.post("/v1/realtime/client_secrets", json=wanted)).json()
        bare = await client.post("/v1/realtime/client_secrets")
        earlier = await client.post("/v1/realtime/transcription_sessions", json={"input_audio_format": "g711_ulaw"})
    assert now["value"].startswith("ek_")
    assert now["session"]["type"] == "transcription"
    assert now["session"]["audio"]["input"]["transcription"]["language"] == "en"
    assert now["session"]["audio"]["input"]["turn_detection"] is None
    assert bare.json()["expires_at"] > now["expires_at"] + 500
    assert earlier.json()["client_secret"]["value"].startswith("ek_")
    assert earlier.json()["input_audio_format"] == "g711_ulaw"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"session": {"type": "realtime"}}, "session.type"),
        ({"session": 7}, "session"),
        (
            {"session": {"audio": {"input": {"transcription": {"model": "x"}}}}},
            "session.audio.input.transcription.model",
        ),
        ({"expires_after": {"seconds": 5}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": 7_201}}, "expires_after.seconds"),
        ([], "body"),
    ],
)
async def test_what_cannot_be_lent_is_refused_as_openai_does(tmp_path: Path, body: Any, param: str) -> None:  # noqa: ANN401 - JSON
    """The error names the field, and nothing is lent."""
    async with running(tmp_path, FakeTranscriber("Hej."), ready=False) as (client, _app):
        reply = await client.post("/v1/realtime/client_secrets", json=body)
    assert reply.status_code in {400, 404}
    assert reply.json()["error"]["param"] == param


async def test_only_a_key_of_the_server_lends(tmp_path: Path) -> None:
    """One that was lent opens realtime sessions and nothing else."""
    async with running(tmp_path, FakeTranscriber("Hej."), ready=False, api_keys="hemlig") as (client, _app):
        lent = (await client.post("/v1/realtime/client_secrets", headers=KEY)).json()["value"]
        for key in ({}, {"Authorization": f"Bearer {lent}"}):
            assert (await client.post("/v1/realtime/client_secrets", headers=key)).status_code == 401
            assert (await client.get("/v1/models", headers=key)).status_code == 401
