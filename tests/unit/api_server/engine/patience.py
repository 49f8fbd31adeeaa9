"""Waiting for other threads without guessing how long they take."""

import threading
from collections.abc import Callable

_ASKED_EVERY = 0.001
_FAR_TOO_LONG = 30.0


def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; fails where it never does."""
    tick = threading.Event()
    for _turn in range(round(_FAR_TOO_LONG / _ASKED_EVERY)):
        if condition():
            return
        tick.wait(_ASKED_EVERY)
    raise AssertionError("it never came to that")
