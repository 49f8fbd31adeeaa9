"""OpenAI's library asking the batch_worker who said what."""

import os
from collections.abc import Iterator

import openai
import pytest
from openai.types.audio import TranscriptionDiarized

from tests import clips, processes
from tests.processes import Service

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
_MODEL, _PYTHON = os.environ.get("DIARIZATION_MODEL", ""), os.environ.get("DIARIZATION_PYTHON", "")


@pytest.fixture
def client(batch_worker_url: str) -> Iterator[openai.OpenAI]:
    """The library, pointed at the shared batch_worker."""
    with openai.OpenAI(base_url=f"{batch_worker_url}/v1", api_key="-", max_retries=0) as one:
        yield one


@pytest.mark.compatibility("openai", "errors: diarized_json")
@pytest.mark.parametrize(("form", "param"), [("diarized_json", "features.diarization"), ("json", "response_format")])
def test_what_cannot_be_had_here_is_openais_error(client: openai.OpenAI, form: str, param: str) -> None:
    """Speakers where pyannote.audio is missing, and formats that are the api_server's."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(file=SAID.path, model="whisper-1", response_format=form)  # type: ignore[call-overload]
    assert refused.value.param == param


def test_a_body_that_is_no_form_is_openais_error(client: openai.OpenAI) -> None:
    """As is a missing file."""
    with pytest.raises(openai.BadRequestError):
        client.post("/audio/transcriptions", body={"model": "whisper-1"}, cast_to=object)


@pytest.mark.compatibility("openai", "transcriptions: diarized_json, from the batch_worker")
@pytest.mark.skipif(not (_MODEL and _PYTHON), reason="DIARIZATION_MODEL and DIARIZATION_PYTHON name no pyannote.audio")
def test_speakers_are_told_apart(api_server_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With a real pipeline."""
    settings = {"WHISPER_API_URL": api_server_url, "DIARIZATION_MODEL": _MODEL, "DIARIZATION_PYTHON": _PYTHON}
    folder = tmp_path_factory.mktemp("diarized")
    with processes.running("batch_worker", folder, **settings) as service:
        found = _asked(service)
    assert found.text == SAID.text
    assert {segment.speaker for segment in found.segments} == {"A"}


def _asked(service: Service) -> TranscriptionDiarized:
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key="-", max_retries=0) as client:
        return client.audio.transcriptions.create(file=SAID.path, model="x", response_format="diarized_json")
