"""Webhooks: signed, and never sent to where the caller could not reach by itself.

A name is resolved once, every address it has is looked at, and the connection goes to one of exactly those: a name
that resolves differently a moment later leads nowhere else. Redirects are not followed.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import structlog

from shared.errors import InvalidParameter

log = structlog.stdlib.get_logger("webhook")
_RESOLVE_SECONDS = 5.0


class Webhooks:
    """Sends what jobs owe their owners."""

    def __init__(
        self, http: httpx.AsyncClient, *, secret: str, allow_private: bool, clock: Callable[[], float] = time.time
    ) -> None:
        """Sign with `secret` where there is one."""
        self._http = http
        self._secret = secret.encode()
        self._allow_private = allow_private
        self._clock = clock

    async def check(self, url: str) -> None:
        """Raise `InvalidParameter` unless webhooks may be sent there."""
        await self._address(url)

    async def send(self, url: str, body: bytes) -> bool:
        """Send a body; tell whether it was answered with success."""
        timestamp = str(int(self._clock()))
        headers = {"Content-Type": "application/json", "X-Timestamp": timestamp}
        if self._secret:
            digest = hmac.new(self._secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers["X-Signature"] = f"sha256={digest}"
        try:
            address = await self._address(url)
            parts = httpx.URL(url)
            reply = await self._http.post(
                parts.copy_with(host=address),
                content=body,
                headers=headers | {"Host": parts.netloc.decode()},
                extensions={"sni_hostname": parts.host},
                follow_redirects=False,
            )
        except (InvalidParameter, httpx.HTTPError) as error:
            log.warning("webhook not sent", reason=type(error).__name__)
            return False
        if not reply.is_success:
            log.warning("webhook refused", status=reply.status_code)
        return reply.is_success

    async def _address(self, url: str) -> str:
        """Return the address to connect to; raises `InvalidParameter` for one that is out of bounds."""
        host, port = _target(url)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            raise InvalidParameter("webhook_url", expected="a host that can be resolved", got=url) from None
        addresses = [str(one[4][0]) for one in found]
        if not self._allow_private and any(not public(address) for address in addresses):
            raise InvalidParameter("webhook_url", expected="a public address (or WEBHOOK_ALLOW_PRIVATE=true)", got=url)
        return addresses[0]


def public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, also when it is an IPv4 one in IPv6 clothes."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast


def _target(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise InvalidParameter("webhook_url", expected="an http:// or https:// URL without user name", got=url)
    return host, port or (443 if parts.scheme == "https" else 80)
