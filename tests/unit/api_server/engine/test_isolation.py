"""Threads that get only the time nobody else wants, for real."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from api_server.engine.isolation import build_in_background, policy_of, step_back, threads

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SCHED_IDLE is Linux's")


class Worker:
    """Something that starts threads of its own when it is built, as CTranslate2 does."""

    def __init__(self, count: int = 2) -> None:
        self.ids: list[int] = []
        self._stop = threading.Event()
        started = threading.Barrier(count + 1)
        self._threads = [threading.Thread(target=self._run, args=(started,)) for _thread in range(count)]
        for thread in self._threads:
            thread.start()
        started.wait(30)

    def _run(self, started: threading.Barrier) -> None:
        self.ids.append(threading.get_native_id())
        started.wait(30)
        self._stop.wait(60)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def isolated() -> Iterator[tuple[Worker, str]]:
    """A worker that was built in the background, and what that is said to be."""
    worker, isolation = build_in_background(Worker)
    yield worker, isolation
    worker.stop()


def test_threads_of_what_is_built_in_the_background_run_at_idle_priority(isolated: tuple[Worker, str]):
    """The kernel says so, for every one of them, and it is what the caller is told."""
    worker, isolation = isolated
    assert isolation == "sched_idle"
    assert [os.sched_getscheduler(thread) for thread in worker.ids] == [os.SCHED_IDLE] * 2
    assert [policy_of(thread) for thread in worker.ids] == ["sched_idle"] * 2


def test_the_caller_keeps_its_own_priority(isolated: tuple[Worker, str]):
    """And so does whatever it starts afterwards."""
    worker = Worker()
    try:
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert [os.sched_getscheduler(thread) for thread in worker.ids] == [os.SCHED_OTHER] * 2
    finally:
        worker.stop()


def test_the_least_isolated_thread_counts():
    """One thread that got away is the truth about all."""

    def build() -> Worker:
        worker = Worker()
        os.sched_setscheduler(worker.ids[0], os.SCHED_OTHER, os.sched_param(0))
        return worker

    try:
        worker, isolation = build_in_background(build)
    except PermissionError:
        pytest.skip("this system lets no thread come back from SCHED_IDLE")
    worker.stop()
    assert isolation == "none"


def test_nothing_started_is_nothing_isolated():
    """Where no thread was started there is none to be behind the others."""
    assert build_in_background(lambda: "made") == ("made", "none")


def test_a_failure_to_build_is_the_callers():
    """The error comes out as it was raised."""

    def build() -> None:
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"):
        build_in_background(build)


def test_stepping_back_says_how_far_it_went():
    """In a thread that ends with the test."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(step_back).result() == "sched_idle"
        assert pool.submit(os.sched_getscheduler, 0).result() == os.SCHED_IDLE


def test_this_process_has_threads():
    """The calling one among them."""
    assert threading.get_native_id() in threads()


def test_a_thread_that_is_gone_is_not_isolated():
    """Asking for it is no error."""
    assert policy_of(2**22 + 1) == "none"
