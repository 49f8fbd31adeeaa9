"""OpenAI's own library, unmodified, against the running api_server."""

import json
from collections.abc import Iterator

import httpx
import openai
import pytest

from tests import clips, processes

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
LONG = clips.clip("paus")


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the library."""
    return pytest.mark.compatibility("openai", name)


@pytest.fixture(scope="module")
def client(api_server_url: str) -> Iterator[openai.OpenAI]:
    """The library, told nothing but where to look."""
    with openai.OpenAI(base_url=f"{api_server_url}/v1", api_key="any", max_retries=0, timeout=120) as library:
        yield library


@feature("transcriptions: json")
def test_json(client: openai.OpenAI) -> None:
    """The default format brings the text and the seconds used."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="whisper-1")
    assert heard.text == SAID.text
    assert heard.usage.type == "duration"
    assert heard.usage.seconds == pytest.approx(SAID.duration, abs=0.05)


@feature("transcriptions: text")
def test_text(client: openai.OpenAI) -> None:
    """`text` is the words and nothing else."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format="text")
    assert heard.strip() == SAID.text


@feature("transcriptions: srt")
def test_srt(client: openai.OpenAI) -> None:
    """`srt` is numbered cues."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format="srt")
    assert heard.startswith("1\n00:00:0")
    assert SAID.text in heard


@feature("transcriptions: vtt")
def test_vtt(client: openai.OpenAI) -> None:
    """`vtt` has its header."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format="vtt")
    assert heard.startswith("WEBVTT\n\n00:00:0")
    assert SAID.text in heard


@feature("transcriptions: verbose_json, segments")
def test_verbose_json(client: openai.OpenAI) -> None:
    """`verbose_json` has segments unless words alone are asked for."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format="verbose_json")
    assert (heard.text, heard.language, heard.words) == (SAID.text, "sv", None)
    assert heard.duration == pytest.approx(SAID.duration, abs=0.05)
    assert heard.segments is not None
    assert 0 <= heard.segments[0].start < heard.segments[-1].end <= SAID.duration + 1
    assert heard.segments[0].avg_logprob <= 0


@feature("transcriptions: verbose_json, words")
@pytest.mark.parametrize("asked", [["word"], ["segment", "word"]])
def test_word_granularity(client: openai.OpenAI, asked: list[str]) -> None:
    """Words come in order, with times, with or without the segments as asked."""
    heard = client.audio.transcriptions.create(
        file=SAID.path, model="whisper-1", response_format="verbose_json", timestamp_granularities=asked
    )
    assert heard.words is not None
    assert " ".join(word.word for word in heard.words) == SAID.text
    assert all(word.start <= word.end for word in heard.words)
    assert [word.start for word in heard.words] == sorted(word.start for word in heard.words)
    assert (heard.segments is not None) == ("segment" in asked)


@feature("transcriptions: include logprobs")
def test_logprobs(client: openai.OpenAI) -> None:
    """Each word has its log probability."""
    heard = client.audio.transcriptions.create(file=SAID.path, model="gpt-4o-transcribe", include=["logprobs"])
    assert heard.logprobs is not None
    assert " ".join(one.token or "" for one in heard.logprobs) == SAID.text
    assert all(one.logprob is not None and one.logprob <= 0 for one in heard.logprobs)


@feature("transcriptions: stream")
def test_stream(client: openai.OpenAI) -> None:
    """The deltas joined are the text of the last event, which is whole."""
    events = list(
        client.audio.transcriptions.create(file=LONG.path, model="gpt-4o-transcribe", stream=True, include=["logprobs"])
    )
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert deltas
    assert "".join(deltas) == done.text == LONG.text
    assert done.logprobs
    assert done.usage is not None


@feature("transcriptions: options (language, prompt, temperature, chunking_strategy)")
def test_options(client: openai.OpenAI) -> None:
    """What the library can send is taken."""
    heard = client.audio.transcriptions.create(
        file=("upload", SAID.path.read_bytes(), "application/octet-stream"),
        model="gpt-4o-mini-transcribe",
        language="sv",
        prompt="Klockan.",
        temperature=0,
        chunking_strategy={"type": "server_vad", "silence_duration_ms": 300},
    )
    assert heard.text.endswith("boka en tid på torsdag.")  # the demonstration model takes a prompt's end as a beginning


@feature("translations: json, text, srt, vtt, verbose_json")
@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_translations(client: openai.OpenAI, form: str) -> None:
    """Every format of a translation has the form that the library expects."""
    heard = client.audio.translations.create(file=SAID.path, model="whisper-1", response_format=form)
    assert isinstance(heard, str) if form in {"text", "srt", "vtt"} else isinstance(heard.text, str)


@feature("models: list, retrieve")
def test_models(client: openai.OpenAI) -> None:
    """The resident model and OpenAI's names are listed; each can be looked up and used."""
    names = [model.id for model in client.models.list()]
    assert {"bundled", "whisper-1"} <= set(names)
    assert all(client.models.retrieve(name).id == name for name in names)
    assert client.audio.transcriptions.create(file=SAID.path, model="bundled").text == SAID.text


@feature("errors: bad file, bad option, unknown model, no such path")
def test_errors(client: openai.OpenAI) -> None:
    """Each refusal is the library's own exception, with the message, the parameter and a code."""
    with pytest.raises(openai.BadRequestError) as file:
        client.audio.transcriptions.create(file=("a.mp3", b"no audio at all"), model="whisper-1")
    assert file.value.code == "unsupported_audio"
    with pytest.raises(openai.BadRequestError) as language:
        client.audio.transcriptions.create(file=SAID.path, model="whisper-1", language="klingon")
    assert (language.value.param, language.value.type) == ("language", "invalid_request_error")
    with pytest.raises(openai.BadRequestError) as diarized:
        client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format="diarized_json")
    assert diarized.value.param == "response_format"
    with pytest.raises(openai.NotFoundError) as model:
        client.audio.transcriptions.create(file=SAID.path, model="whisper-9")
    assert model.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("whisper-9")
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        client.chat.completions.create(model="gpt-4o", messages=[])


@feature("errors: stream")
def test_error_before_a_stream(client: openai.OpenAI) -> None:
    """What fails before the first word fails with a status, streamed or not."""
    with pytest.raises(openai.BadRequestError) as error:
        client.audio.transcriptions.create(file=("a", b"\x00" * 100), model="whisper-1", stream=True)
    assert error.value.code == "unsupported_audio"


BAD = [
    pytest.param({}, {}, 400, None, id="nothing"),
    pytest.param({"file": b""}, {}, 400, None, id="empty file"),
    pytest.param({"file": b"text"}, {"temperature": "hot"}, 400, "temperature", id="temperature"),
    pytest.param({"file": b"text"}, {"temperature": "2"}, 400, "temperature", id="temperature too high"),
    pytest.param({"file": b"text"}, {"response_format": "pdf"}, 400, "response_format", id="format"),
    pytest.param({"file": b"text"}, {"stream": "perhaps"}, 400, "stream", id="stream"),
    pytest.param({"file": b"text"}, {"prompt": "x" * 5000}, 400, "prompt", id="prompt"),
    pytest.param(
        {"file": b"text"}, {"timestamp_granularities[]": "vowel"}, 400, "timestamp_granularities[].0", id="granularity"
    ),
    pytest.param({"file": b"text"}, {"model": "x" * 100}, 404, None, id="model"),
]


@pytest.mark.parametrize(("files", "fields", "status", "param"), BAD)
@pytest.mark.parametrize("call", ["transcriptions", "translations"])
def test_bad_requests_have_openais_shape(
    api_server_url: str, call: str, files: dict[str, bytes], fields: dict[str, str], status: int, param: str | None
) -> None:
    """Whatever is wrong, the reply is OpenAI's error object and no 500."""
    if call == "translations" and ({"stream", "timestamp_granularities[]"} & set(fields)):
        pytest.skip("not a field of translations")
    parts = [*files.items(), *((name, (None, value)) for name, value in fields.items())] or [("x", (None, ""))]
    reply = httpx.post(f"{api_server_url}/v1/audio/{call}", files=parts, timeout=60)
    error = reply.json()["error"]
    assert reply.status_code == status
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert param in {None, error["param"]}


@pytest.mark.parametrize("body", [b"", b"{}", b"--b\r\nbroken"])
def test_a_body_that_is_no_form_is_refused_in_openais_shape(api_server_url: str, body: bytes) -> None:
    """A broken form is the caller's fault too."""
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    reply = httpx.post(f"{api_server_url}/v1/audio/transcriptions", content=body, headers=headers, timeout=60)
    assert reply.status_code == 400
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


@feature("keys, size limit")
def test_keys_and_size(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A wrong key and an upload too large are refused as OpenAI refuses them; the right key is let in."""
    folder = tmp_path_factory.mktemp("keyed")
    with processes.running("api_server", folder, API_KEYS="hemlig", MAX_UPLOAD_MB="1") as service:
        url = f"{service.url}/v1"
        with pytest.raises(openai.AuthenticationError) as refused:
            openai.OpenAI(base_url=url, api_key="fel", max_retries=0).models.list()
        assert refused.value.code == "invalid_api_key"
        known = openai.OpenAI(base_url=url, api_key="hemlig", max_retries=0)
        assert known.audio.transcriptions.create(file=SAID.path, model="whisper-1").text == SAID.text
        with pytest.raises(openai.APIStatusError) as large:
            known.audio.transcriptions.create(file=b"\x00" * 1_100_000, model="whisper-1")
        assert (large.value.status_code, large.value.code) == (413, "upload_too_large")


def test_the_form_of_a_stream_is_what_others_parse(api_server_url: str) -> None:
    """Each line of data is JSON with a type, and the last one is `[DONE]`, for clients that wait for it."""
    files = {"file": SAID.path.read_bytes(), "stream": (None, "true")}
    reply = httpx.post(f"{api_server_url}/v1/audio/transcriptions", files=files, timeout=120)
    data = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert data.pop() == "[DONE]"
    assert [json.loads(line)["type"] for line in data][-1] == "transcript.text.done"
