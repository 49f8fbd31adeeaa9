"""The operating system as the scheduler: threads that get only the time nobody else wants.

Linux threads inherit the policy and the nice value of the thread that made them. So whatever starts threads
of its own (CTranslate2's workers, and the OpenMP threads that those make) is built in a thread that has first
put itself last. `SCHED_IDLE` needs no privilege and gives the threads about 0.3 % of a core that anybody else
wants, and all of it otherwise (sched(7)).
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

Isolation = Literal["sched_idle", "nice", "none"]
T = TypeVar("T")

_LAST = 19


def step_back() -> Isolation:
    """Put the calling thread behind all others for good; returns how far that went."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (OSError, AttributeError):
        try:
            os.setpriority(os.PRIO_PROCESS, 0, _LAST)
        except OSError:
            return "none"
        return "nice"
    return "sched_idle"


def threads() -> frozenset[int]:
    """Return the ids of this process's threads, or nothing where /proc is missing."""
    try:
        return frozenset(int(entry.name) for entry in Path("/proc/self/task").iterdir())
    except OSError:
        return frozenset()


def policy_of(thread: int) -> Isolation:
    """Return how a running thread is scheduled."""
    try:
        if os.sched_getscheduler(thread) == os.SCHED_IDLE:
            return "sched_idle"
        return "nice" if os.getpriority(os.PRIO_PROCESS, thread) >= _LAST else "none"
    except (OSError, AttributeError):
        return "none"


def build_in_background(build: Callable[[], T]) -> tuple[T, Isolation]:
    """Return what `build` made and how the threads that it started are really scheduled.

    `build` runs in a thread of its own that has stepped back; the figure is read off the running threads, the
    least isolated one counts. Blocks until `build` is done.
    """
    before = threads()

    def stepped_back() -> tuple[T, frozenset[int]]:
        step_back()
        made = build()
        return made, threads() - before - {threading.get_native_id()}

    with ThreadPoolExecutor(1, thread_name_prefix="isolate") as pool:
        made, started = pool.submit(stepped_back).result()
    order: tuple[Isolation, ...] = ("none", "nice", "sched_idle")
    alive = threads() & started
    return made, min((policy_of(thread) for thread in alive), key=order.index, default="none")
