"""How faults of another server are borne."""

import pytest

from batch_worker.pipeline.patience import Forbearance, Patience
from shared.errors import AsrUnavailable, Busy, SvenskaError, Unreachable

PATIENCE = Patience(retries=2, backoff=0.5, outage=30.0)


def pauses(forbearance: Forbearance, fault: SvenskaError, *, most: int = 10_000) -> list[float]:
    """Return the pauses until it gives up."""
    found = []
    while len(found) < most and (pause := forbearance.pause(fault)) is not None:
        found.append(pause)
    return found


def test_a_fault_is_tried_again_so_many_times() -> None:
    """With a pause that may be twice as long each time."""
    first, second = pauses(Forbearance(PATIENCE), AsrUnavailable("It broke off."))
    assert (first <= 0.5, second <= 1.0) == (True, True)


def test_progress_gives_all_of_it_back() -> None:
    """Faults count in a row."""
    forbearance = Forbearance(PATIENCE)
    for _ in range(10):
        assert len(pauses(forbearance, AsrUnavailable("It broke off."), most=2)) == 2
        forbearance.progressed()


@pytest.mark.parametrize("fault", [Unreachable("Nobody listens."), Busy("Full.", retry_after=3)])
def test_a_server_that_is_not_there_is_waited_for(fault: SvenskaError) -> None:
    """As long as an outage may last, looking often enough; only then are the tries used up."""
    waits = pauses(Forbearance(PATIENCE), fault)
    assert sum(waits) >= 30.0
    assert sum(waits[:-3]) < 30.0
    assert max(waits) <= 5.0 + getattr(fault, "retry_after", 0)


def test_a_server_that_dies_is_borne_twice_as_long() -> None:
    """What breaks off because the server goes may not be the request's fault; one that kills it every time ends."""
    forbearance = Forbearance(PATIENCE)
    borne = 0
    while forbearance.pause(AsrUnavailable("It broke off.")) is not None:
        borne += 1
        assert forbearance.pause(Unreachable("Nobody listens.")) is not None
        assert forbearance.pause(Unreachable("Nobody listens.")) is not None
    assert borne == 2 * PATIENCE.retries


def test_a_busy_server_is_not_asked_before_it_said() -> None:
    """Its `Retry-After` is kept, within the outage and behind it."""
    assert min(pauses(Forbearance(PATIENCE), Busy("Full.", retry_after=3))) >= 3.0
