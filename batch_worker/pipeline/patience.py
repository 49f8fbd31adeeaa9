"""How faults of another server are borne, and for how long."""

from dataclasses import dataclass

from shared import backoff
from shared.errors import SvenskaError, TryLater, Unreachable

_LONGEST_PAUSE = 5.0
"""Seconds between two looks at whether a server is back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How much is borne."""

    retries: int = 3
    """Tries after the first one, without progress between them; twice as many of a server that dies meanwhile."""
    backoff: float = 1.0
    """Seconds before the first of them, doubled each time, with full jitter."""
    outage: float = 0.0
    """Seconds for which a server that cannot be reached, or has no room, is waited for before that is a fault."""


class Forbearance:
    """What is left of a patience."""

    def __init__(self, patience: Patience) -> None:
        """Begin with all of it."""
        self._patience = patience
        self.progressed()

    def progressed(self) -> None:
        """Have all of it again."""
        self._faults = self._absences = self._deaths = 0
        self._waited = 0.0
        self._broken = False

    def pause(self, fault: SvenskaError) -> float | None:
        """Return the seconds before the next try; None: that was the last one."""
        if isinstance(fault, Unreachable | TryLater) and self._waited < self._patience.outage:
            self.restarted()
            return self._absent(fault)
        self._broken = True
        self._faults += 1
        if self._faults > self._patience.retries:
            return None
        return _asked(fault) + backoff.delay(self._faults, base=self._patience.backoff)

    def restarted(self) -> None:
        """Take the last fault back, up to `retries` times: the server is gone or loads, so it had died."""
        if self._broken and self._deaths < self._patience.retries:
            self._deaths += 1
            self._faults -= 1
        self._broken = False

    def _absent(self, fault: SvenskaError) -> float:
        self._absences += 1
        seconds = _asked(fault) + backoff.delay(self._absences, base=self._patience.backoff, cap=_LONGEST_PAUSE)
        self._waited += seconds
        return seconds


def _asked(fault: SvenskaError) -> float:
    return float(fault.retry_after) if isinstance(fault, TryLater) else 0.0
