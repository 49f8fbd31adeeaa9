"""Who decodes next."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from api_server.engine.base import Priority
from api_server.engine.lanes import Lane, LaneTurn
from shared.errors import Busy, Cancelled
from tests.unit.api_server.engine.patience import until


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def occupied(lane: Lane) -> LaneTurn:
    """Return a turn that holds the lane's window."""
    turn = lane.turn(Priority.BATCH)
    turn.next_window()
    return turn


def served_in_order(asked: list[Priority]) -> list[int]:
    """Let several ask in this order while the lane is taken; return the order in which they were served."""
    lane, order = Lane("realtime"), list[int]()
    first = occupied(lane)

    def take(number: int, turn: LaneTurn) -> None:
        turn.next_window()
        order.append(number)
        turn.close()

    with ThreadPoolExecutor(len(asked)) as pool:
        for number, priority in enumerate(asked):
            pool.submit(take, number, lane.turn(priority))
            until(lambda number=number: lane.load().waiting == number + 1)  # type: ignore[misc]
        first.close()
    return order


def test_a_free_lane_lets_anyone_go_at_once():
    """Nobody waits for nobody."""
    lane = Lane("realtime")
    turn = occupied(lane)
    assert (turn.windows, turn.waited) == (1, pytest.approx(0, abs=1))
    assert lane.load().waiting == 0


def test_equals_are_served_in_the_order_in_which_they_asked():
    """First come, first served."""
    assert served_in_order([Priority.INTERACTIVE] * 5) == [0, 1, 2, 3, 4]


def test_the_more_urgent_go_first():
    """Finals before partials before requests before batch work, however late they come."""
    asked = [Priority.BATCH, Priority.INTERACTIVE, Priority.PARTIAL, Priority.FINAL, Priority.BATCH, Priority.FINAL]
    assert served_in_order(asked) == [3, 5, 2, 1, 0, 4]


def test_long_recordings_take_turns_window_by_window():
    """Each window is asked for anew, so two long files alternate."""
    lane, order = Lane("realtime"), list[str]()
    first = occupied(lane)

    def decode(name: str, turn: LaneTurn) -> None:
        for _window in range(3):
            turn.next_window()
            order.append(name)
        turn.close()

    with ThreadPoolExecutor(2) as pool:
        for waiting, name in enumerate("ab", start=1):
            pool.submit(decode, name, lane.turn(Priority.BATCH))
            until(lambda waiting=waiting: lane.load().waiting == waiting)  # type: ignore[misc]
        first.close()
    assert "".join(order) == "ababab"


def test_cancelling_wakes_a_waiter():
    """It need not wait for the one before it to finish."""
    lane = Lane("realtime")
    holder, waiter = occupied(lane), lane.turn(Priority.FINAL)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(waiter.next_window)
        until(lambda: lane.load().waiting == 1)
        waiter.cancel()
        with pytest.raises(Cancelled):
            waiting.result(30)
    waiter.close()
    assert lane.load().waiting == 0
    assert lane.load().open == 1
    holder.close()


def test_a_window_is_not_given_to_who_was_cancelled_while_waiting():
    """It would last no time, and the mean of all would no longer say how long a newcomer waits."""
    clock = Clock()
    lane = Lane("realtime", clock=clock)
    first, gone, patient = occupied(lane), lane.turn(Priority.FINAL), lane.turn(Priority.BATCH)
    for waiting, turn in enumerate((gone, patient), start=1):
        lane._ask(turn)
        assert lane.load().waiting == waiting
    clock.now += 1.0
    gone.cancel()
    first.close()
    assert (gone.windows, patient.windows) == (0, 1)
    gone.close()
    assert lane.load().window_seconds == 1.0


def test_a_cancelled_turn_gets_no_further_window():
    """It is told at the next one it asks for, even if the lane is free, and again if it asks again."""
    lane = Lane("realtime")
    turn = occupied(lane)
    turn.cancel()
    for _asking in range(2):
        with pytest.raises(Cancelled):
            turn.next_window()
    turn.close()
    occupied(lane)


def test_closing_frees_the_lane_for_the_next():
    """Whoever ends in the middle of a window holds nobody up, and closing twice is closing once."""
    lane = Lane("realtime")
    first, second = occupied(lane), lane.turn(Priority.BATCH)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second.next_window)
        until(lambda: lane.load().waiting == 1)
        first.close()
        first.close()
        waiting.result(30)
    assert lane.load().open == 1


def test_resting_gives_the_window_to_others_and_keeps_the_place():
    """Work that needs no model leaves the model to others."""
    lane = Lane("realtime")
    first, second = occupied(lane), lane.turn(Priority.BATCH)
    first.rest()
    first.rest()
    second.next_window()
    second.close()
    first.next_window()
    assert lane.load().open == 1
    assert first.windows == 2


def measured(clock: Clock, lane: Lane, seconds: float) -> None:
    """Let one window of that length pass."""
    turn = lane.turn(Priority.FINAL)
    turn.next_window()
    clock.now += seconds
    turn.close()


def test_a_lane_knows_how_long_its_windows_take():
    """A running mean; the first window sets it."""
    clock = Clock()
    lane = Lane("realtime", clock=clock)
    measured(clock, lane, 2.0)
    assert lane.load().window_seconds == 2.0
    measured(clock, lane, 4.0)
    assert 2.0 < lane.load().window_seconds < 3.0


def test_a_lane_knows_how_long_it_has_been_at_work_and_at_rest():
    """What readiness is judged by."""
    clock = Clock()
    lane = Lane("realtime", clock=clock)
    clock.now += 5
    assert (lane.load().idle_seconds, lane.load().running_seconds) == (5.0, 0.0)
    turn = occupied(lane)
    clock.now += 3
    assert (lane.load().idle_seconds, lane.load().running_seconds) == (0.0, 3.0)
    turn.close()
    assert (lane.load().idle_seconds, lane.load().running_seconds) == (0.0, 0.0)


def test_whoever_would_wait_too_long_is_refused_at_once():
    """The refusal says when to come back; streams that are connected are never refused."""
    clock = Clock()
    lane = Lane("realtime", max_wait=10, clock=clock)
    measured(clock, lane, 4.0)
    open_turns = [lane.turn(Priority.INTERACTIVE) for _request in range(3)]
    with pytest.raises(Busy) as refused:
        lane.turn(Priority.INTERACTIVE)
    assert refused.value.retry_after == 2
    assert "12 s" in refused.value.message
    with pytest.raises(Busy):
        lane.admit(Priority.BATCH)
    lane.turn(Priority.FINAL).close()
    lane.turn(Priority.PARTIAL).close()
    open_turns[0].close()
    lane.turn(Priority.INTERACTIVE).close()


def test_only_those_who_go_first_are_waited_for():
    """Much batch work holds up an interactive request by one window, and many short windows by little."""
    clock = Clock()
    lane = Lane("shared", max_wait=10, clock=clock)
    for seconds, priority in ((4.0, Priority.BATCH), (0.1, Priority.PARTIAL), (2.0, Priority.INTERACTIVE)):
        turn = lane.turn(priority)
        turn.next_window()
        clock.now += seconds
        turn.close()
    for _request in range(3):
        lane.turn(Priority.BATCH)
    for _speaker in range(30):
        lane.turn(Priority.PARTIAL)
    lane.turn(Priority.INTERACTIVE)  # 30 windows of 0.1 s, then one of 4 s
    with pytest.raises(Busy, match=r"17 s"):
        lane.turn(Priority.BATCH)  # 3 + 2 + 3 windows of 4 s


def test_a_refused_request_leaves_nothing_behind():
    """Being refused is not being open."""
    clock = Clock()
    lane = Lane("realtime", max_wait=1, clock=clock)
    measured(clock, lane, 4.0)
    lane.turn(Priority.FINAL)
    for _request in range(5):
        with pytest.raises(Busy):
            lane.turn(Priority.BATCH)
    assert lane.load().open == 1


@pytest.mark.parametrize("priority", [Priority.INTERACTIVE, Priority.BATCH])
def test_whoever_has_waited_too_long_is_refused(priority: Priority):
    """However little was foreseen: a lane that has decoded nothing yet knows of no wait."""
    lane = Lane("realtime", max_wait=0.01)
    holder, waiter = occupied(lane), lane.turn(priority)
    with pytest.raises(Busy) as refused:
        waiter.next_window()
    assert refused.value.retry_after >= 1
    assert lane.load().waiting == 0
    waiter.close()
    holder.close()
    assert lane.load().open == 0


def test_time_spent_elsewhere_counts():
    """Who waited for a thread until the time was over is served now or not at all."""
    lane = Lane("realtime", max_wait=1000)
    late = lane.turn(Priority.BATCH)
    late.waited = 2000.0
    late.next_window()
    late.rest()
    holder, later = occupied(lane), lane.turn(Priority.BATCH)
    later.waited = 2000.0
    with pytest.raises(Busy):
        later.next_window()
    holder.close()


def test_what_has_begun_is_finished():
    """The limit is on the first window only, and never on a live stream."""
    lane = Lane("realtime", max_wait=0.01)
    begun = occupied(lane)
    begun.rest()
    stream = lane.turn(Priority.FINAL)
    holder = occupied(lane)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(begun.next_window), pool.submit(stream.next_window)]
        until(lambda: lane.load().waiting == 2)
        assert not any(future.done() for future in waiting)
        holder.close()
        waiting[1].result(30)
        stream.close()
        waiting[0].result(30)


def test_the_wait_is_measured():
    """Seconds that a request waited for its turns."""
    clock = Clock()
    lane = Lane("realtime", clock=clock)
    first, second = occupied(lane), lane.turn(Priority.BATCH)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second.next_window)
        until(lambda: lane.load().waiting == 1)
        clock.now += 7
        first.close()
        waiting.result(30)
    assert second.waited == 7.0


class LaneRules(RuleBasedStateMachine):
    """Any order of asking, resting, cancelling and leaving; asking is done without blocking."""

    turns = Bundle("turns")

    def __init__(self) -> None:
        super().__init__()
        self.lane = Lane("realtime", clock=Clock())
        self.open: list[LaneTurn] = []
        self.waiting: list[LaneTurn] = []  # in the order of asking
        self.holder: LaneTurn | None = None

    @rule(target=turns, priority=st.sampled_from(Priority))
    def begin(self, priority: Priority) -> LaneTurn:
        """Open a request."""
        turn = self.lane.turn(priority)
        self.open.append(turn)
        return turn

    @precondition(lambda self: self.open)
    @rule(turn=turns)
    def ask(self, turn: LaneTurn) -> None:
        """Ask for a window, as a thread would that does not wait already."""
        if turn in self.open and turn not in self.waiting:
            self.lane._ask(turn)
            if self.holder is turn:
                self.holder = None
            self.waiting.append(turn)
            self._next()

    @rule(turn=turns)
    def rest(self, turn: LaneTurn) -> None:
        """Give the window back, held or not."""
        turn.rest()
        if self.holder is turn:
            self.holder = None
            self._next()

    @rule(turn=turns)
    def close(self, turn: LaneTurn) -> None:
        """Leave, once or twice."""
        turn.close()
        if turn in self.open:
            self.open.remove(turn)
        if turn in self.waiting:
            self.waiting.remove(turn)
        if self.holder is turn:
            self.holder = None
        self._next()

    def _next(self) -> None:
        if self.holder is None and self.waiting:
            self.holder = min(self.waiting, key=lambda turn: turn.priority)  # the first of equals
            self.waiting.remove(self.holder)

    @invariant()
    def one_may_decode(self) -> None:
        """It is the most urgent, the first of equals, and nobody else has been told to go."""
        assert self.lane._holder is self.holder
        assert [turn for turn in self.open if turn._go.is_set()] == ([self.holder] if self.holder else [])

    @invariant()
    def load_is_true(self) -> None:
        """What the lane says of itself is what is the case."""
        load = self.lane.load()
        assert (load.waiting, load.open) == (len(self.waiting), len(self.open))
        assert not (load.waiting and self.holder is None)  # never idle while somebody waits


TestLaneRules = LaneRules.TestCase
TestLaneRules.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("cancelled", [frozenset(), frozenset({1, 5, 9})], ids=["all stay", "some leave"])
def test_many_threads_never_decode_at_the_same_time(cancelled: frozenset[int]):
    """Sixteen requests of every priority, some taken back half way: one at a time, and each comes to its end."""
    lane, inside, most = Lane("realtime"), threading.Semaphore(1), list[bool]()
    turns = [lane.turn(Priority(number % 4)) for number in range(16)]

    def decode(number: int, turn: LaneTurn) -> int:
        try:
            for window in range(20):
                turn.next_window()
                most.append(inside.acquire(blocking=False))
                inside.release()
                if number in cancelled and window == 10:
                    turns[number].cancel()
        finally:
            turn.close()
        return turn.windows

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(decode, number, turn) for number, turn in enumerate(turns)]
        ends = [_end(future.result) for future in futures]
    assert all(most)
    assert ends == ["cancelled" if number in cancelled else 20 for number in range(16)]
    assert (lane.load().waiting, lane.load().open) == (0, 0)


def _end(result: Callable[[float], int]) -> int | str:
    try:
        return result(60)
    except Cancelled:
        return "cancelled"


def test_cancels_from_other_threads_are_never_slept_through():
    """A cancel may come at any moment of a window; the thread ends all the same."""
    for _try in range(50):
        lane = Lane("realtime")
        one, other = lane.turn(Priority.BATCH), lane.turn(Priority.BATCH)
        go = threading.Barrier(3)
        with ThreadPoolExecutor(2) as pool:
            futures: list[Future[None]] = [pool.submit(_decode_on, turn, go) for turn in (one, other)]
            go.wait(30)
            one.cancel()
            other.cancel()
            for future in futures:
                with pytest.raises(Cancelled):
                    future.result(30)


def _decode_on(turn: LaneTurn, go: threading.Barrier) -> None:
    go.wait(30)
    try:
        while True:
            turn.next_window()
    finally:
        turn.close()
