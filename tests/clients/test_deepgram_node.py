"""Deepgram's library for Node, unmodified, against a running api_server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.audio import decode
from tests import clips, processes
from tests.clients import npm

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
_LIBRARY = """
import { createReadStream, readFileSync } from "node:fs";
import { DeepgramClient } from "@deepgram/sdk";
const [base, key, file] = process.argv.slice(2);
const production = base.replace("http", "ws");
const environment = { base, production, agent: production, agentRest: base };
const client = new DeepgramClient({ apiKey: key, environment, maxRetries: 0 });
const tell = (what) => console.log(JSON.stringify(what));
"""
_RECORDING = """
try {
  const options = { model: "nova-3", language: "sv", smart_format: true };
  tell((await client.listen.v1.media.transcribeFile(createReadStream(file), options)).results);
} catch (error) {
  tell({ status: error.statusCode, body: error.body });
}
"""
_LIVE = """
const options = { model: "nova-3", encoding: "linear16", sample_rate: 16000, interim_results: "true" };
const live = await client.listen.v1.connect(options);
const closed = new Promise((done) => live.on("close", (event) => done(event.code)));
live.on("message", tell);
live.on("error", (error) => tell({ type: "error", message: error.message }));
live.connect();
await live.waitForOpen();
const data = readFileSync(file);
for (let at = 0; at < data.length; at += 3200) live.sendMedia(data.subarray(at, at + 3200));
live.sendKeepAlive({ type: "KeepAlive" });
live.sendFinalize({ type: "Finalize" });
live.sendCloseStream({ type: "CloseStream" });
tell({ type: "closed", code: await closed });
"""


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the library."""
    return pytest.mark.compatibility("@deepgram/sdk (npm)", name)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an api_server answers that wants a key."""
    with processes.running("api_server", tmp_path_factory.mktemp("keyed"), API_KEYS="hemlig") as service:
        yield service.url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which programs find the library."""
    where = tmp_path_factory.mktemp("node")
    npm.provide(where, "@deepgram/sdk@5.13.0")
    return where


def _told(program: str, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in npm.run(_LIBRARY + program, folder, *arguments)]


@feature("recordings: transcript, paragraphs, key")
def test_recording(keyed: str, folder: Path) -> None:
    """The file is streamed to the server, the results are the library's."""
    (results,) = _told(_RECORDING, folder, keyed, "hemlig", str(SAID.path))
    (spoken,) = results["channels"][0]["alternatives"]
    assert spoken["transcript"] == spoken["paragraphs"]["transcript"].strip() == SAID.text
    assert " ".join(word["punctuated_word"] for word in spoken["words"]) == SAID.text


@feature("recordings: errors")
@pytest.mark.parametrize(("key", "status"), [("fel", 401), ("hemlig", 400)])
def test_errors(keyed: str, folder: Path, key: str, status: int) -> None:
    """A wrong key, and a file that is no audio, reach the program as the library's error."""
    no_audio = folder / "a.txt"
    no_audio.write_text("no audio", encoding="utf-8")
    (refused,) = _told(_RECORDING, folder, keyed, key, str(no_audio))
    assert refused["status"] == status
    assert set(refused["body"]) == {"err_code", "err_msg", "request_id"}


@feature("live: results, Finalize, KeepAlive, CloseStream, Metadata")
def test_live(keyed: str, folder: Path) -> None:
    """The library parses every message and sees the stream close as it should."""
    raw = folder / "a.raw"
    raw.write_bytes(np.round(decode(SAID.path, max_seconds=60).samples * 32_767).astype("<i2").tobytes())
    told = _told(_LIVE, folder, keyed, "hemlig", str(raw))
    finals = [one for one in told if one["type"] == "Results" and one["is_final"]]
    assert [one["channel"]["alternatives"][0]["transcript"] for one in finals] == [SAID.text]
    assert finals[0]["from_finalize"]
    assert [one["type"] for one in told[-2:]] == ["Metadata", "closed"]
    assert told[-1]["code"] == 1000
