"""Whether a lane is ready is whether it decodes."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from api_server.engine.base import SAMPLE_RATE, Priority
from api_server.engine.fake import AtWindow, Failing, FakeTranscriber, Gate
from api_server.engine.lanes import Lane
from api_server.engine.probe import Probe, fault, watch
from api_server.engine.recognizer import Recognizer
from shared.errors import ModelLoading

CLIP = np.full(SAMPLE_RATE, 0.1, np.float32)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Costless:
    """Counts nothing."""

    def decoded(self, lane: str, priority: Priority, *, waited: float, worked: float, windows: int) -> None:
        pass


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for the decodes."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


def probe_of(
    pool: ThreadPoolExecutor, at_window: AtWindow = lambda _number: None, *, clock: Clock | None = None
) -> Probe:
    """Return a probe of a lane on which a fake is resident."""
    clock = clock or Clock()
    lane = Lane("realtime", clock=clock)
    recognizer = Recognizer(FakeTranscriber(at_window=at_window), lane, pool, Costless())
    return Probe(recognizer, CLIP, language="sv", interval=15, deadline=10, clock=clock)


async def test_a_lane_is_not_ready_before_it_has_decoded_something(pool: ThreadPoolExecutor):
    """A process that lives is not enough."""
    probe = probe_of(pool)
    assert fault([probe]) == "The realtime lane has not decoded anything yet."
    await probe.once()
    assert fault([probe]) is None


async def test_a_lane_that_cannot_decode_says_why(pool: ThreadPoolExecutor):
    """Our own errors in their words, others by the log; and it is ready again when it decodes again."""
    probe = probe_of(pool, Failing({0: ModelLoading("The model is gone."), 1: RuntimeError("/secret/path")}))
    await probe.once()
    assert fault([probe]) == "The realtime lane cannot decode: The model is gone."
    await probe.once()
    assert fault([probe]) == "The realtime lane cannot decode; the log has the reason."
    await probe.once()
    assert fault([probe]) is None


async def test_a_window_that_does_not_come_back_is_told(pool: ThreadPoolExecutor):
    """After the deadline, while it still hangs; and no longer when it came back."""
    clock, gate = Clock(), Gate()
    probe = probe_of(pool, gate, clock=clock)
    gate.let(0)
    await probe.once()
    asking = asyncio.create_task(probe.once())
    assert await asyncio.to_thread(gate.reached, 1)
    clock.now += 9
    assert probe.fault is None
    clock.now += 2
    assert probe.fault == "has been on one window for 11 seconds"
    gate.let(1)
    await asking
    assert probe.fault is None


async def test_somebody_elses_window_counts_as_well(pool: ThreadPoolExecutor):
    """A hang is a hang, whoever asked."""
    clock = Clock()
    probe = probe_of(pool, clock=clock)
    await probe.once()
    turn = probe.lane.turn(Priority.BATCH)
    turn.next_window()
    clock.now += 60
    assert probe.fault == "has been on one window for 60 seconds"
    turn.close()


async def test_a_slow_machine_has_ten_times_its_usual_time(pool: ThreadPoolExecutor):
    """A large model on two cores is no fault."""
    clock = Clock()
    probe = probe_of(pool, clock=clock)
    await probe.once()
    for _window in range(30):
        turn = probe.lane.turn(Priority.BATCH)
        turn.next_window()
        clock.now += 8
        turn.close()
    turn = probe.lane.turn(Priority.BATCH)
    turn.next_window()
    clock.now += 60
    assert probe.fault is None
    turn.close()


async def test_waiting_behind_work_is_no_fault(pool: ThreadPoolExecutor):
    """A busy lane decodes; that the probe waits for its turn says nothing."""
    clock, gate = Clock(), Gate()
    probe = probe_of(pool, gate, clock=clock)
    gate.let(0)
    await probe.once()
    turn = probe.lane.turn(Priority.BATCH)
    turn.next_window()
    asking = asyncio.create_task(probe.once())
    while not probe.lane.load().waiting:  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0)
    clock.now += 9
    assert probe.fault is None
    turn.close()
    gate.let(1)
    await asking


async def test_every_lane_must_be_ready(pool: ThreadPoolExecutor):
    """The first that is not is named."""
    good, bad = probe_of(pool), probe_of(pool)
    await good.once()
    assert fault([good, bad]) is not None
    await bad.once()
    assert fault([good, bad]) is None
    assert fault([]) is None


async def test_watching_begins_with_a_probe_of_each(pool: ThreadPoolExecutor):
    """So that a start is soon ready; it ends when it is cancelled."""
    probes = [probe_of(pool), probe_of(pool)]
    watching = asyncio.create_task(watch(probes))
    while fault(probes) is not None:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
