"""Where a list goes on: the last job seen, in a form that tells when somebody has changed it; pure."""

import base64
import binascii
import hashlib

from shared.errors import InvalidParameter

_CHECK = 6
_LARGEST = 2**63 - 1
"""The last number that SQLite can give a row."""


def encode(seq: int) -> str:
    """Return the cursor behind job number `seq`."""
    number = str(seq).encode()
    return base64.urlsafe_b64encode(_check(number) + number).decode().rstrip("=")


def decode(cursor: str) -> int:
    """Return the job number of a cursor; raises `InvalidParameter`."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    number = raw[_CHECK:]
    plain = number.isdigit() and len(number) <= len(str(_LARGEST)) and int(number) <= _LARGEST
    if not plain or raw[:_CHECK] != _check(number):
        raise InvalidParameter("cursor", expected="the next_cursor of an earlier reply", got=cursor)
    return int(number)


def _check(number: bytes) -> bytes:
    return hashlib.sha256(b"cursor " + number).digest()[:_CHECK]
