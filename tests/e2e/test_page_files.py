"""What `GET /` and the page's files are sent with; no browser."""

import re
import urllib.request
from pathlib import Path

import pytest

from tests.processes import get

pytestmark = pytest.mark.slow

STATIC = Path(__file__).parents[2] / "api_server" / "static"
NAMES = sorted(path.name for path in STATIC.iterdir())
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}


def headers(url: str) -> dict[str, str]:
    """Return the headers of a GET, names in lower case."""
    with urllib.request.urlopen(url, timeout=60) as reply:
        return {name.lower(): value for name, value in reply.headers.items()}


@pytest.mark.parametrize("name", ["", *NAMES])
def test_every_file_has_its_type_and_its_safeguards(api_server_url: str, name: str) -> None:
    """The right type, nothing to sniff, nothing from another host, and a tag for the next time."""
    url = f"{api_server_url}/static/{name}" if name else api_server_url
    found = headers(url)
    assert found["content-type"].startswith(TYPES[Path(name).suffix or ".html"])
    assert found["x-content-type-options"] == "nosniff"
    assert found["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in found["content-security-policy"]
    assert found["cache-control"] == "no-cache"
    status, body = get(url, {"If-None-Match": found["etag"]})
    assert (status, body) == (304, b"")
    assert get(url, {"If-None-Match": '"old"'})[0] == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Fapp.py", "%2e%2e%2fapp.py", "..%5Capp.py", "%00.js", "x" * 5000 + ".js", "."]
)
def test_nothing_else_is_served(api_server_url: str, name: str) -> None:
    """What is no file of the page is not found, however it is spelled."""
    assert get(f"{api_server_url}/static/{name}")[0] == 404


def test_the_page_names_every_module_beforehand() -> None:
    """A browser fetches all of them at once, not one behind the other."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    preloaded = set(re.findall(r'<link rel="modulepreload" href="static/([^"]+)">', page))
    assert preloaded == {name for name in NAMES if name.endswith(".js")} - {"worklet.js"}


def test_the_page_needs_no_other_host() -> None:
    """No address stands in any of its files, but for the names of XML."""
    for name in NAMES:
        text = (STATIC / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), name


def test_the_page_is_light() -> None:
    """Everything together is smaller than one photograph."""
    assert sum((STATIC / name).stat().st_size for name in NAMES) < 110_000
