"""OpenAI's library for Node, unmodified, against a running api_server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import clips, processes
from tests.clients import npm

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
_LIBRARY = """
import { createReadStream } from "node:fs";
import OpenAI from "openai";
const [base, key, path] = process.argv.slice(2);
const client = new OpenAI({ apiKey: key, baseURL: `${base}/v1`, maxRetries: 0 });
const file = () => createReadStream(path);
const tell = (what) => console.log(JSON.stringify(what));
"""
_FORMATS = """
const model = "whisper-1";
tell(await client.audio.transcriptions.create({ file: file(), model, language: "sv" }));
for (const response_format of ["text", "srt", "vtt"]) {
  tell(await client.audio.transcriptions.create({ file: file(), model, response_format }));
}
const timestamp_granularities = ["word", "segment"];
tell(await client.audio.transcriptions.create(
  { file: file(), model, response_format: "verbose_json", timestamp_granularities }));
"""
_STREAM = """
const stream = await client.audio.transcriptions.create(
  { file: file(), model: "gpt-4o-transcribe", stream: true });
for await (const event of stream) tell(event);
"""
_MODELS = """
const names = [];
for await (const model of client.models.list()) names.push(model.id);
tell([names, (await client.models.retrieve("whisper-1")).id]);
"""
_ERRORS = """
try {
  tell(await client.audio.transcriptions.create({ file: file(), model: "whisper-1" }));
} catch (error) {
  tell({ kind: error.constructor.name, status: error.status, code: error.code, message: error.message });
}
"""


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the library."""
    return pytest.mark.compatibility("openai (npm)", name)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an api_server answers that wants a key."""
    with processes.running("api_server", tmp_path_factory.mktemp("keyed"), API_KEYS="hemlig") as service:
        yield service.url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which programs find the library."""
    where = tmp_path_factory.mktemp("node")
    npm.provide(where, "openai@7.55.0")
    return where


def _told(program: str, folder: Path, url: str, *, key: str = "hemlig", path: Path = SAID.path) -> list[Any]:
    return [json.loads(line) for line in npm.run(_LIBRARY + program, folder, url, key, str(path))]


@feature("transcriptions: json, text, srt, vtt, verbose_json with words and segments")
def test_formats(keyed: str, folder: Path) -> None:
    """Each as the library hands it to its caller."""
    plain, text, srt, vtt, verbose = _told(_FORMATS, folder, keyed)
    assert plain["text"] == verbose["text"] == text.strip() == SAID.text
    assert srt.startswith("1\n00:00:0")
    assert vtt.startswith("WEBVTT")
    assert " ".join(word["word"] for word in verbose["words"]).lower().startswith(SAID.text.split()[0].lower())
    assert verbose["segments"][0]["text"].strip() in SAID.text


@feature("transcriptions: stream")
def test_stream(keyed: str, folder: Path) -> None:
    """Deltas, and one end with the whole text and what was used."""
    *deltas, done = _told(_STREAM, folder, keyed)
    assert {event["type"] for event in deltas} == {"transcript.text.delta"}
    assert "".join(event["delta"] for event in deltas).strip() == done["text"] == SAID.text
    assert (done["type"], "usage" in done) == ("transcript.text.done", True)


@feature("models: list, retrieve")
def test_models(keyed: str, folder: Path) -> None:
    """The resident model is there, and so are the names that clients bring along."""
    ((names, one),) = _told(_MODELS, folder, keyed)
    assert {"bundled", "whisper-1"} <= set(names)
    assert one == "whisper-1"


@feature("errors: wrong key, no audio")
@pytest.mark.parametrize(("key", "kind"), [("fel", "AuthenticationError"), ("hemlig", "BadRequestError")])
def test_errors(keyed: str, folder: Path, key: str, kind: str) -> None:
    """They are the library's own exceptions."""
    no_audio = folder / "a.wav"
    no_audio.write_text("no audio", encoding="utf-8")
    (refused,) = _told(_ERRORS, folder, keyed, key=key, path=no_audio)
    assert refused["kind"] == kind
    assert refused["message"]
