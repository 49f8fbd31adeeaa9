"""Where the services are, and the key they ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from svenska.exits import Exit, Failure

API_PORT = 8123
API = f"http://127.0.0.1:{API_PORT}"
JOBS_PORT = 8400
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that are this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One service."""

    url: str
    """`http://host:port`, no slash at the end."""
    key: str | None = None
    """Sent as `Authorization: Bearer KEY`."""
    named: bool = False
    """Whether the person named it, rather than it being the default."""
    own: bool = False
    """Whether it is the command's own, in its own process."""

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    @property
    def websocket(self) -> str:
        """The same as `ws://` or `wss://`."""
        return "ws" + self.url.removeprefix("http")

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, which is never reached through a proxy."""
        return urlsplit(self.url).hostname in LOOPBACK


def api_address(server: str | None, environ: Mapping[str, str]) -> Address:
    """Return the api_server: `--server`, else `SVENSKA_SERVER`, else this machine's port 8123."""
    named = server or environ.get("SVENSKA_SERVER") or None
    return Address(url=_url(named or API), key=_key(environ), named=named is not None)


def jobs_address(server: str | None, environ: Mapping[str, str]) -> Address:
    """Return the batch_worker: `--server`, else `SVENSKA_JOBS_SERVER`, else port 8400 beside the api_server."""
    if named := server or environ.get("SVENSKA_JOBS_SERVER"):
        return Address(url=_url(named), key=_key(environ), named=True)
    beside = api_address(None, environ)
    return Address(url=_with_port(beside.url, JOBS_PORT), key=beside.key, named=beside.named)


def _key(environ: Mapping[str, str]) -> str | None:
    return environ.get("SVENSKA_API_KEY", "").strip() or None


def _url(text: str) -> str:
    url = (text if "://" in text else f"http://{text}").strip().rstrip("/")
    if not _usable(url):
        raise Failure(
            "The server address {text!r} cannot be used: write it as http://host:port.",
            code="invalid_parameter",
            exit_code=Exit.USAGE,
            text=text,
        )
    return url


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{port}"
