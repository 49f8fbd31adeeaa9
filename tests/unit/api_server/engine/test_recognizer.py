"""Decodes as coroutines."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from api_server.engine.base import SAMPLE_RATE, DecodeOptions, Priority
from api_server.engine.fake import Failing, FakeTranscriber, Gate
from api_server.engine.lanes import Lane
from api_server.engine.recognizer import Recognizer
from shared.errors import Busy
from shared.transcript import Segment
from tests.unit.api_server.engine.patience import until

SPEECH = np.full(90 * SAMPLE_RATE, 0.1, np.float32)
"""Three windows."""
SWEDISH = DecodeOptions(language="sv")


class Costs:
    """Takes note of what each decode cost."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Priority, int]] = []
        self.seconds: list[tuple[float, float]] = []

    def decoded(self, lane: str, priority: Priority, *, waited: float, worked: float, windows: int) -> None:
        self.seen.append((lane, priority, windows))
        self.seconds.append((waited, worked))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for the blocking work."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def costs() -> Costs:
    """Who is told the costs."""
    return Costs()


def recognizer(
    pool: ThreadPoolExecutor, costs: Costs, transcriber: FakeTranscriber, *, lane: Lane | None = None
) -> Recognizer:
    """Return a recognizer of that model."""
    return Recognizer(transcriber, lane or Lane("realtime"), pool, costs)


async def test_segments_are_told_on_the_event_loop_in_order(pool: ThreadPoolExecutor, costs: Costs):
    """All of them, before the outcome is there."""
    told: list[tuple[int, Segment]] = []
    loop_thread = threading.get_ident()

    def on_segment(segment: Segment) -> None:
        told.append((threading.get_ident(), segment))

    timed = await recognizer(pool, costs, FakeTranscriber("ett", "två", "tre")).recognize(
        SPEECH, SWEDISH, Priority.INTERACTIVE, on_segment=on_segment
    )
    assert tuple(segment for _thread, segment in told) == timed.outcome.segments
    assert [segment.text for _thread, segment in told] == ["ett", "två", "tre"]
    assert {thread for thread, _segment in told} == {loop_thread}


async def test_a_decode_leaves_the_lane_when_it_ends(pool: ThreadPoolExecutor, costs: Costs):
    """And what it cost is told once."""
    recognize = recognizer(pool, costs, FakeTranscriber())
    await recognize.recognize(SPEECH, SWEDISH, Priority.FINAL)
    assert recognize.lane.load().open == 0
    assert costs.seen == [("realtime", Priority.FINAL, 3)]


async def test_a_failure_is_the_callers_and_leaves_the_lane(pool: ThreadPoolExecutor, costs: Costs):
    """Whatever the engine throws comes out as it is."""
    recognize = recognizer(pool, costs, FakeTranscriber(at_window=Failing({1: RuntimeError("out of memory")})))
    with pytest.raises(RuntimeError, match="out of memory"):
        await recognize.recognize(SPEECH, SWEDISH, Priority.BATCH)
    assert recognize.lane.load().open == 0
    assert costs.seen == [("realtime", Priority.BATCH, 2)]


async def test_a_caller_that_goes_stops_the_work_at_the_next_window(pool: ThreadPoolExecutor, costs: Costs):
    """The window that is being decoded is the last one."""
    gate = Gate()
    transcriber = FakeTranscriber(at_window=gate)
    recognize = recognizer(pool, costs, transcriber)
    task = asyncio.create_task(recognize.recognize(SPEECH, SWEDISH, Priority.INTERACTIVE))
    assert await asyncio.to_thread(gate.reached, 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.let(0, 1, 2)
    await asyncio.to_thread(pool.shutdown)
    assert transcriber.windows == 1
    assert recognize.lane.load().open == 0
    assert len(costs.seen) == 1


async def test_a_caller_that_goes_while_it_waits_leaves_its_place(pool: ThreadPoolExecutor, costs: Costs):
    """The lane goes on to the next one, and the one that went decoded nothing."""
    gate = Gate()
    transcriber = FakeTranscriber(at_window=gate)
    recognize = recognizer(pool, costs, transcriber)
    first = asyncio.create_task(recognize.recognize(SPEECH, SWEDISH, Priority.INTERACTIVE))
    assert await asyncio.to_thread(gate.reached, 0)
    second = asyncio.create_task(recognize.recognize(SPEECH, SWEDISH, Priority.INTERACTIVE))
    await asyncio.to_thread(until, lambda: recognize.lane.load().waiting == 1)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.let(0, 1, 2)
    assert len((await first).outcome.segments) == 3
    await asyncio.to_thread(pool.shutdown)
    assert transcriber.windows == 3
    assert recognize.lane.load().open == 0


async def test_a_caller_that_goes_before_there_is_a_thread_leaves_nothing(costs: Costs):
    """Nor is the time it waited for one called work."""
    gate = Gate()
    with ThreadPoolExecutor(1) as pool:
        recognize = recognizer(pool, costs, FakeTranscriber(at_window=gate))
        first = asyncio.create_task(recognize.recognize(SPEECH, SWEDISH, Priority.INTERACTIVE))
        assert await asyncio.to_thread(gate.reached, 0)
        second = asyncio.create_task(recognize.recognize(SPEECH, SWEDISH, Priority.INTERACTIVE))
        await asyncio.to_thread(until, lambda: recognize.lane.load().open == 2)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert recognize.lane.load().open == 1
        assert [seen[2] for seen in costs.seen] == [0]
        assert costs.seconds[0][1] == 0.0
        gate.let(0, 1, 2)
        await first


async def test_a_full_lane_refuses_at_once(pool: ThreadPoolExecutor, costs: Costs):
    """Before any thread is taken."""
    now = [0.0]
    lane = Lane("realtime", max_wait=5, clock=lambda: now[0])
    turn = lane.turn(Priority.FINAL)
    turn.next_window()
    now[0] += 20
    turn.rest()
    transcriber = FakeTranscriber()
    with pytest.raises(Busy):
        await recognizer(pool, costs, transcriber, lane=lane).recognize(SPEECH, SWEDISH, Priority.INTERACTIVE)
    assert transcriber.requests == []
    assert costs.seen == []


async def test_partials_are_decoded_together(pool: ThreadPoolExecutor, costs: Costs):
    """One window for all of them."""
    recognize = recognizer(pool, costs, FakeTranscriber("hej"))
    short = SPEECH[:SAMPLE_RATE]
    assert await recognize.partials([short, np.zeros_like(short), short], SWEDISH) == ["hej", "", "hej"]
    assert costs.seen == [("realtime", Priority.PARTIAL, 1)]
    assert recognize.lane.load().open == 0


async def test_another_model_takes_turns_in_the_same_lane(pool: ThreadPoolExecutor, costs: Costs):
    """A model beside the resident one gets no lane of its own."""
    recognize = recognizer(pool, costs, FakeTranscriber("resident"))
    other = recognize.on(FakeTranscriber("large"))
    assert other.lane is recognize.lane
    timed = await other.recognize(SPEECH[:SAMPLE_RATE], SWEDISH, Priority.BATCH)
    assert timed.outcome.segments[0].text == "large"


async def test_waiting_and_working_are_told_apart(pool: ThreadPoolExecutor, costs: Costs):
    """Both are seconds, and neither is negative."""
    timed = await recognizer(pool, costs, FakeTranscriber()).recognize(SPEECH, SWEDISH, Priority.FINAL)
    assert timed.queue_seconds >= 0
    assert timed.processing_seconds >= 0
