"""Events on their way to a client that may read slowly."""

import asyncio

from api_server.streaming.outbox import Outbox
from shared.events import Final, Partial, SpeechStarted


def _partial(utterance: int, committed: str) -> Partial:
    return Partial(utterance=utterance, start=0, end=1, committed=committed, tentative="", lag=0)


def _final(utterance: int) -> Final:
    return Final(utterance=utterance, start=0, end=1, text="", language="sv", confidence=1, latency=0)


async def _all(outbox: Outbox) -> list[object]:
    outbox.close()
    events = []
    while (event := await outbox.get()) is not None:
        events.append(event)
    return events


async def test_only_the_newest_partial_waits_and_nothing_else_is_let_go():
    """A final makes its own partials out of date too, and no others."""
    outbox = Outbox()
    started = SpeechStarted(utterance=0, start=0)
    events = [started, _partial(0, "a"), _partial(0, "ab"), _final(0), _partial(1, "c"), _partial(1, "cd")]
    for event in events:
        outbox.put(event)  # type: ignore[arg-type]
    assert await _all(outbox) == [started, _final(0), _partial(1, "cd")]


async def test_partials_never_fill_it_and_finals_do():
    """Full means that the client has left more than partials unread."""
    outbox = Outbox()
    for _ in range(1_000):
        outbox.put(_partial(0, "a"))
    assert not outbox.full
    for number in range(64):
        outbox.put(_final(number))
    assert outbox.full


async def test_a_reader_waits_for_an_event():
    """Neither busily nor forever."""
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put(_final(0))
    assert await waiting == _final(0)
