"""The services in the foreground."""

import pytest

from svenska.serve import beside_each_other, environment


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"API_PORT": None}, {"API_PORT": "1", "LANG": "C"}),
        ({"API_PORT": 0, "API_HOST": "0.0.0.0"}, {"API_PORT": "0", "LANG": "C", "API_HOST": "0.0.0.0"}),
    ],
)
def test_what_is_given_goes_before_the_environment(given: dict[str, object], found: dict[str, str]):
    """And what is not given is left as it is."""
    assert environment({"API_PORT": "1", "LANG": "C"}, given) == found


@pytest.mark.parametrize(
    ("environ", "file", "url"),
    [
        ({}, {}, None),
        ({"API_PORT": "9000"}, {}, "http://127.0.0.1:9000"),
        ({}, {"API_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"API_PORT": "9001"}, {"API_PORT": "9000"}, "http://127.0.0.1:9001"),
        ({"API_HOST": "0.0.0.0"}, {}, "http://127.0.0.1:8123"),
        ({"API_HOST": "fd00::1", "API_PORT": "9000"}, {}, "http://[fd00::1]:9000"),
        ({"API_PORT": "9000"}, {"WHISPER_API_URL": "http://asr:1"}, None),
        ({"API_PORT": "9000", "WHISPER_API_URL": "http://asr:1"}, {}, "http://asr:1"),
    ],
)
def test_the_batch_worker_asks_the_api_server_beside_it(environ: dict[str, str], file: dict[str, str], url: str | None):
    """Wherever that is set to listen, unless the person said whom to ask."""
    assert beside_each_other(environ, file).get("WHISPER_API_URL") == url
