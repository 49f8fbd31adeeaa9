"""Where the services are."""

import pytest

from svenska.address import api_address, jobs_address
from svenska.exits import Exit, Failure


@pytest.mark.parametrize(
    ("option", "environ", "url", "named"),
    [
        (None, {}, "http://127.0.0.1:8123", False),
        (None, {"SVENSKA_SERVER": ""}, "http://127.0.0.1:8123", False),
        (None, {"SVENSKA_SERVER": "http://asr:9000/"}, "http://asr:9000", True),
        ("asr:9000", {}, "http://asr:9000", True),
        ("https://asr.example/svenska/", {"SVENSKA_SERVER": "http://b"}, "https://asr.example/svenska", True),
    ],
)
def test_the_option_goes_before_the_environment(option: str | None, environ: dict[str, str], url: str, *, named: bool):
    """`--server`, `SVENSKA_SERVER`, this machine; a scheme may be left out."""
    address = api_address(option, environ)
    assert (address.url, address.named) == (url, named)


@pytest.mark.parametrize(
    ("option", "environ", "url", "named"),
    [
        (None, {}, "http://127.0.0.1:8400", False),
        (None, {"SVENSKA_SERVER": "http://asr:9000"}, "http://asr:8400", True),
        (None, {"SVENSKA_SERVER": "http://[::1]:9000"}, "http://[::1]:8400", True),
        (None, {"SVENSKA_SERVER": "http://a", "SVENSKA_JOBS_SERVER": "http://b:1"}, "http://b:1", True),
        ("c:2", {"SVENSKA_JOBS_SERVER": "http://b:1"}, "http://c:2", True),
    ],
)
def test_jobs_go_to_the_port_beside(option: str | None, environ: dict[str, str], url: str, *, named: bool):
    """Unless the batch_worker has an address of its own."""
    address = jobs_address(option, environ)
    assert (address.url, address.named) == (url, named)


@pytest.mark.parametrize("text", ["ftp://a", "http://", "http://a:b", "http://a:0", "http://a:99999", ""])
def test_an_address_that_cannot_be_used_is_refused(text: str):
    """With the form that can; an empty one is no address at all."""
    if not text:
        assert api_address(text, {}).url == "http://127.0.0.1:8123"
        return
    with pytest.raises(Failure, match="http://host:port") as failed:
        api_address(text, {})
    assert failed.value.exit_code is Exit.USAGE


def test_the_key_comes_from_the_environment_and_goes_into_the_header():
    """A key on a command line would be seen by everyone on the machine."""
    address = api_address(None, {"SVENSKA_API_KEY": " hemlig "})
    assert address.headers == {"Authorization": "Bearer hemlig"}
    assert api_address(None, {}).headers == {}


@pytest.mark.parametrize(
    ("url", "websocket", "loopback"),
    [
        ("http://127.0.0.1:8123", "ws://127.0.0.1:8123", True),
        ("http://localhost:1", "ws://localhost:1", True),
        ("http://[::1]:1", "ws://[::1]:1", True),
        ("https://asr.example", "wss://asr.example", False),
    ],
)
def test_streams_and_proxies_follow_the_address(url: str, websocket: str, *, loopback: bool):
    """`https` means `wss`, and this machine is never reached through a proxy."""
    address = api_address(url, {})
    assert (address.websocket, address.loopback) == (websocket, loopback)
