"""Turns of speech, brought into order, and who speaks at a given time; pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_TINY = 0.3
"""Seconds; a shorter turn between two of one other voice is a flicker of the segmentation, no interjection."""
_BREATH = 0.5
"""Seconds of silence that do not end a turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One voice, without a break."""

    start: float
    """Seconds from the start of the recording."""
    end: float
    """Seconds, after `start`."""
    speaker: str
    """Any name that tells voices apart."""


def tidied(turns: Iterable[Turn], duration: float) -> tuple[Turn, ...]:
    """Return turns in order of time within `duration` seconds, one voice at a time, without flicker.

    pyannote reports turns beyond the end of short recordings. Where two overlap, the first keeps the time.
    """
    return _joined(_calmed(_joined(_exclusive(turns, duration))))


def _exclusive(turns: Iterable[Turn], duration: float) -> list[Turn]:
    after: list[Turn] = []
    reached = 0.0
    for turn in sorted(turns, key=lambda one: (one.start, one.end)):
        start, end = max(turn.start, reached), min(turn.end, duration)
        if end > start:
            after.append(replace(turn, start=start, end=end))
            reached = end
    return after


def _calmed(turns: Sequence[Turn]) -> list[Turn]:
    after = list(turns)
    for place in range(1, len(after) - 1):
        before, turn, behind = after[place - 1], after[place], after[place + 1]
        near = turn.start - before.end <= _BREATH and behind.start - turn.end <= _BREATH
        if near and turn.end - turn.start < _TINY and before.speaker == behind.speaker:
            after[place] = replace(turn, speaker=before.speaker)
    return after


def _joined(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    after: list[Turn] = []
    for turn in turns:
        if after and after[-1].speaker == turn.speaker and turn.start - after[-1].end <= _BREATH:
            after[-1] = replace(after[-1], end=turn.end)
        else:
            after.append(turn)
    return tuple(after)


class Timeline:
    """Tidied turns, to be asked who spoke."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        """Take turns as `tidied` returns them."""
        self._turns = turns
        self._starts = [turn.start for turn in turns]
        self._ends = [turn.end for turn in turns]

    def speaker(self, start: float, end: float) -> str | None:
        """Return who spoke most between two times, else who spoke nearest to them; None where nobody ever did."""
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        spoken: dict[str, float] = {}
        for turn in self._turns[first:last]:
            shared = min(end, turn.end) - max(start, turn.start)
            spoken[turn.speaker] = spoken.get(turn.speaker, 0.0) + shared
        if spoken:
            return max(spoken, key=spoken.__getitem__)
        around = self._turns[max(0, first - 1) : first + 1]
        nearest = min(around, key=lambda turn: max(turn.start - end, start - turn.end), default=None)
        return None if nearest is None else nearest.speaker
