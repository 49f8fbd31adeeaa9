"""Events from a client's bytes, with a bound on each part: the protocol's own reader has none."""

import asyncio
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from wyoming.event import Event

from shared.errors import InvalidParameter, InvalidRequest

LINE_BYTES = 65_536
"""Longest header; the limit that the reader was made with."""
_DATA_BYTES = 65_536
_PAYLOAD_BYTES = 4_194_304
"""Two minutes of 16 kHz; satellites send tens of milliseconds."""

_object: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class _Header(BaseModel):
    type: str = Field(max_length=100)
    data: dict[str, Any] | None = None
    data_length: int | None = Field(default=None, ge=0, le=_DATA_BYTES)
    payload_length: int | None = Field(default=None, ge=0, le=_PAYLOAD_BYTES)


async def read(reader: asyncio.StreamReader) -> Event | None:
    """Return the next event, None once the client has gone; raises `InvalidRequest` for what is none."""
    try:
        return await _event(reader)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValidationError as error:
        raise explained(error, "header") from None
    except ValueError:
        raise InvalidRequest(f"A header is one line of JSON, no longer than {LINE_BYTES} bytes.") from None


async def _event(reader: asyncio.StreamReader) -> Event | None:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        return None
    header = _Header.model_validate_json(line)
    more = await reader.readexactly(header.data_length) if header.data_length else b"{}"
    payload = await reader.readexactly(header.payload_length) if header.payload_length else None
    return Event(header.type, {**(header.data or {}), **_object.validate_json(more)}, payload)


def explained(error: ValidationError, event: str) -> InvalidParameter:
    """Return the first fault of an event."""
    fault = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or event
    return InvalidParameter(field, expected=fault["msg"].removeprefix("Input should be "), got=fault["input"])
