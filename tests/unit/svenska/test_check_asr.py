"""What `doctor` finds of the api_server that jobs go to."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from svenska.address import Address
from svenska.check_asr import asr, in_force

KNOWN = Address(url="http://127.0.0.1:1", key="hemlig")
ELSEWHERE = "http://127.0.0.1:2"


@pytest.mark.parametrize(
    ("values", "running", "found"),
    [
        ({}, {}, []),
        ({"whisper_api_url": (ELSEWHERE,)}, {}, [ELSEWHERE]),
        ({"whisper_api_url": (KNOWN.url,), "api_keys": (SecretStr("hemlig"),)}, {}, []),
        ({"whisper_api_url": (KNOWN.url,), "api_keys": (SecretStr("annan"),)}, {}, [KNOWN.url]),
        ({"whisper_api_url": (ELSEWHERE,)}, {"WHISPER_API_URL": [KNOWN.url], "API_KEYS": "********"}, []),
        ({"whisper_api_url": (ELSEWHERE,)}, {"WHISPER_API_URL": [KNOWN.url], "API_KEYS": []}, [KNOWN.url]),
        ({}, {"WHISPER_API_URL": ["http://api:8123"], "API_KEYS": []}, []),
    ],
)
def test_what_a_batch_worker_asks_is_asked(values: Mapping[str, Any], running: Mapping[str, Any], found: list[str]):
    """With its key, once; the one that runs before the one that would be started; no name of a container's network."""
    findings = [*asr(values, running, KNOWN)]
    assert [one.values["url"] for one in findings] == found
    assert {one.state for one in findings} <= {"fault"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://asr.example:8400"])
def test_a_batch_worker_that_does_not_run_here_tells_nothing(url: str):
    """Another machine's is not even asked: what it calls its api_server means nothing here."""
    assert in_force(Address(url=url)) == {}
