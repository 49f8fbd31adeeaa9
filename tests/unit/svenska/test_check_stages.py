"""What `doctor` finds of the stages that need something from elsewhere, and of how long jobs wait."""

import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from svenska import check_diarization, check_patience, check_summary
from svenska.check_summary import Listing

COMMUNITY = "pyannote/speaker-diarization-community-1"
LLM = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("seconds", "timeout", "state"), [(600, 86_400, "ok"), (0, 86_400, "warning"), (600, 600, "warning")]
)
def test_jobs_should_outlive_a_restart(seconds: float, timeout: float, state: str):
    """And wait no longer than they may take at all."""
    finding = check_patience.outage(seconds, timeout)
    assert finding.state == state
    assert bool(finding.fix) == (state != "ok")


@pytest.mark.parametrize(("lacks", "state"), [([], "ok"), (["torch"], "fault"), (None, "fault")])
def test_diarization_needs_a_python_with_its_packages(lacks: list[str] | None, state: str):
    """A Python that cannot be run is told apart from one that lacks something."""
    finding = check_diarization.python("/opt/d/bin/python", lambda _name: lacks)
    assert finding.state == state
    assert ("torch" in finding.found.format(**finding.values)) == (lacks == ["torch"])


def test_a_python_is_asked_for_its_packages(tmp_path: Path):
    """The one that is named, not this one."""
    assert check_diarization.missing_packages(str(tmp_path / "python")) is None
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho torch\n")
    other.chmod(0o700)
    assert check_diarization.missing_packages(str(other)) == ["torch"]
    assert check_diarization.missing_packages("") == check_diarization.missing_packages(sys.executable)


@pytest.mark.parametrize(
    ("name", "token", "cached", "state"),
    [
        (COMMUNITY, False, False, "fault"),
        (COMMUNITY, True, False, "warning"),
        (COMMUNITY, False, True, "ok"),
        ("someone/open", False, False, "warning"),
        ("/no/such/folder", True, False, "fault"),
    ],
)
def test_a_diarization_model_is_here_or_can_be_had(name: str, state: str, *, token: bool, cached: bool):
    """The gated one only with a token."""
    finding = check_diarization.model(name, token=token, is_cached=lambda _name: cached)
    assert finding.state == state
    assert bool(finding.fix) == (state != "ok")


def test_a_diarization_model_may_be_a_folder(tmp_path: Path):
    """With a `config.yaml`; without one it is none."""
    assert check_diarization.model(str(tmp_path), token=True, is_cached=lambda _name: False).state == "fault"
    (tmp_path / "config.yaml").touch()
    assert check_diarization.model(str(tmp_path), token=False, is_cached=lambda _name: False).state == "ok"


def test_the_cache_of_the_hub_is_looked_into_without_the_network():
    """What is not there is not fetched, and what is no name of a model is not there."""
    assert not check_diarization.cached("nobody/nothing")
    assert not check_diarization.cached("not a name/at all/")


@pytest.mark.parametrize(
    ("threads", "megabytes", "found"),
    [
        (1, 0, []),
        (2, 2000, []),
        (3, 0, ["DIARIZATION_THREADS"]),
        (3, 300, ["DIARIZATION_THREADS", "DIARIZATION_MEMORY_MB"]),
    ],
)
def test_the_room_of_diarization_is_judged(threads: int, megabytes: int, found: list[str]):
    """On a machine of two cores."""
    assert [one.check for one in check_diarization.room(threads, megabytes, cores=2)] == found


@pytest.mark.parametrize(
    ("answer", "check", "state"),
    [
        (Listing(status=200, models=("qwen3", "gemma")), "LLM_URL", "ok"),
        (Listing(status=200, models=("gemma",)), "LLM_MODEL", "fault"),
        (Listing(status=200), "LLM_URL", "warning"),
        (Listing(status=404), "LLM_URL", "warning"),
        (Listing(status=401), "LLM_API_KEY", "fault"),
        (None, "LLM_URL", "fault"),
    ],
)
def test_a_language_model_is_asked_for(answer: Listing | None, check: str, state: str):
    """The setting that is wrong is the one that is named."""
    finding = check_summary.server(LLM, "qwen3", "", lambda _url, _key: answer)
    assert (finding.check, finding.state) == (check, state)
    assert bool(finding.fix) == (state != "ok")
    finding.found.format(**finding.values)
    finding.fix.format(**finding.values)


@pytest.mark.parametrize(("url", "model"), [("", "qwen3"), (LLM, "")])
def test_a_summary_without_a_language_model_is_a_fault(url: str, model: str):
    """Nobody is asked."""
    assert check_summary.server(url, model, "", _never).state == "fault"


def _never(_url: str, _key: str) -> Listing | None:
    raise AssertionError("asked")


@pytest.mark.parametrize(
    ("url", "redact", "state"),
    [(LLM, False, "ok"), ("https://llm.example/v1", True, "ok"), ("http://b/v1", False, "warning")],
)
def test_personal_data_that_leaves_the_machine_is_told(url: str, state: str, *, redact: bool):
    """Unless it is masked first."""
    assert check_summary.privacy(url, redact=redact).state == state


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://llm:1", "http://llm:1/v1/models"),
        ("http://llm:1/v1/", "http://llm:1/v1/models"),
        ("http://llm:1/v1/chat/completions", "http://llm:1/v1/models"),
        ("http://llm:1/api/openai", "http://llm:1/api/openai/models"),
    ],
)
def test_models_are_listed_beside_the_questions(url: str, asked: str):
    """As the batch_worker reads LLM_URL."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"data": [{"id": "qwen3"}]})

    assert check_summary.listing(url, "nyckel", _over(answer)) == Listing(status=200, models=("qwen3",))
    assert str(requests[0].url) == asked
    assert requests[0].headers["Authorization"] == "Bearer nyckel"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": [{"name": "a"}]}', b"\xff"])
def test_a_list_of_another_shape_has_no_models(body: bytes):
    """Any server may be there."""
    found = check_summary.listing(LLM, "", _over(lambda _request: httpx.Response(200, content=body)))
    assert found == Listing(status=200)


def test_nobody_there_is_nobody_there():
    """A refused connection and an address that is none alike."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert check_summary.listing(LLM, "", _over(refuse)) is None
    assert check_summary.listing("http://[", "", _over(refuse)) is None


def _over(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.BaseTransport:
    return httpx.MockTransport(handler)
