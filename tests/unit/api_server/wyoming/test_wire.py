"""Bytes as events, and what is no event."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event

from api_server.wyoming import wire
from shared.errors import InvalidParameter, InvalidRequest
from tests.unit.api_server.wyoming.talk import header


def _reader(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=wire.LINE_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize(
    ("sent", "event"),
    [
        (header(type="describe"), Event("describe")),
        (header(type="ping", data={"text": "å"}), Event("ping", {"text": "å"})),
        (header(type="ping", data_length=None, payload_length=None), Event("ping")),
        (header(type="ping", data={"a": 1, "b": 1}, data_length=8) + b'{"b": 2}', Event("ping", {"a": 1, "b": 2})),
        (header(type="x", payload_length=3) + b"abc", Event("x", {}, b"abc")),
        (header(type="x", payload_length=0, version="1.5"), Event("x")),
    ],
)
async def test_events_are_read_as_the_protocols_own_reader_does(sent: bytes, event: Event):
    """Data in the header and behind it are one; the next event begins where this one ends."""
    reader = _reader(sent + sent)
    assert await wire.read(reader) == event
    assert await async_read_event(reader) == event
    assert await wire.read(reader) is None


@pytest.mark.parametrize(
    "sent",
    [b"", b'{"type"', header(type="x", data_length=9) + b"{}", header(type="x", payload_length=9) + b"abc"],
)
async def test_an_event_that_breaks_off_is_none(sent: bytes):
    """Whoever leaves in the middle has left."""
    assert await wire.read(_reader(sent)) is None


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"GET / HTTP/1.1\r\n", "header"),
        (b"\n", "header"),
        (b"[]\n", "header"),
        (b"\xff\xfe\n", "header"),
        (header(kind="x"), "type"),
        (header(type=5), "type"),
        (header(type="x", data=[]), "data"),
        (header(type="x", data_length=-1), "data_length"),
        (header(type="x", data_length=65_537), "data_length"),
        (header(type="x", data_length=5) + b"hello", "header"),
        (header(type="x", payload_length="much"), "payload_length"),
        (header(type="x", payload_length=2**40), "payload_length"),
    ],
)
async def test_what_is_no_event_is_refused_by_name(sent: bytes, says: str):
    """Nothing of a part that is too long is read."""
    with pytest.raises(InvalidParameter, match=says):
        await wire.read(_reader(sent))


_PIECES = st.sampled_from([
    b"{", b"}", b"[", b'"type"', b":", b",", b"\n", b'"data_length"', b'"payload_length"', b'"data"', b"null", b"5",
    b"-1", b"1e9", b"\xff", b"audio-chunk", b'"ping"', b"\x00", b" ",
])  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=30).map(b"".join)))
async def test_any_bytes_are_events_or_refused(sent: bytes):
    """Nothing else is raised, whatever comes, and reading comes to an end."""
    reader = _reader(sent)
    with contextlib.suppress(InvalidRequest):
        while (event := await wire.read(reader)) is not None:
            assert isinstance(event.type, str)
            assert isinstance(event.data, dict)


async def test_a_header_without_end_is_refused():
    """A line longer than the limit is not waited for."""
    with pytest.raises(InvalidRequest, match="one line of JSON"):
        await wire.read(_reader(b"x" * 200_000))
