"""Webhooks: signed, and never sent to where the caller could not reach by itself.

A name is resolved once, every address it has is looked at, and the connection goes to one of exactly those: a name
that resolves differently a moment later leads nowhere else. Redirects are not followed, and of an answer only its
status is looked at.
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
_ANSWER_SECONDS = 20.0
"""From the name to the status of the answer."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that a network may translate to the IPv4 one in their last 32 bits (RFC 6052)."""
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
"""The same by an older rule, which nobody should use any more (RFC 4291, 2.5.5.1)."""


class Webhooks:
    """Sends what jobs owe their owners."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        secret: str,
        allow_private: bool,
        seconds: float = _ANSWER_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with `secret` where there is one; wait `seconds` for an answer."""
        self._http = http
        self._secret = secret.encode()
        self._allow_private = allow_private
        self._seconds = seconds
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
            async with asyncio.timeout(self._seconds):
                status = await self._status(url, body, headers)
        except (InvalidParameter, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("webhook not sent", reason=type(error).__name__)
            return False
        arrived = httpx.codes.is_success(status)
        if not arrived:
            log.warning("webhook refused", status=status)
        return arrived

    async def _status(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        address = await self._address(url)
        parts = httpx.URL(url)
        # A connection is known by its number: kept open, it would serve another name for which no certificate was seen.
        own = {"Host": parts.netloc.decode(), "Connection": "close"}
        async with self._http.stream(
            "POST",
            parts.copy_with(host=address),
            content=body,
            headers=headers | own,
            extensions={"sni_hostname": parts.host},
            follow_redirects=False,
        ) as reply:
            return reply.status_code

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
        if parsed in _IPV4_COMPATIBLE or parsed.is_site_local:
            return False
        translated = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF) if parsed in _NAT64 else None
        parsed = parsed.ipv4_mapped or parsed.sixtofour or translated or parsed
    return parsed.is_global and not parsed.is_multicast


def _target(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise InvalidParameter("webhook_url", expected="an http:// or https:// URL without user name", got=url)
    return host, port or (443 if parts.scheme == "https" else 80)
