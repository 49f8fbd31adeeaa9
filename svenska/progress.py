"""How far it is, for a person who watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from svenska.shell import Shell

_BAR = 20
"""Columns of the terminal."""
_BESIDE = 60
"""Columns of everything but the title."""


class Bar(Protocol):
    """One thing that goes on."""

    def advance(self, fraction: float) -> None:
        """Show that `fraction` (0 to 1) is done."""

    def note(self, text: str) -> None:
        """Show a word beside it."""


class _Hidden:
    """Shows nothing."""

    def advance(self, fraction: float) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


class _Shown:
    """A bar of rich's; it pulses until the first sign of progress."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task(escape(shortened(title, progress.console.width - _BESIDE)), total=None, note="")

    def advance(self, fraction: float) -> None:
        """Draw the bar that long."""
        self._progress.update(self._task, total=1.0, completed=fraction)

    def note(self, text: str) -> None:
        """Write it behind the bar."""
        self._progress.update(self._task, note=escape(text))


def shortened(title: str, room: int) -> str:
    """Return a title in at most `room` characters (20 where there is less): its begin and its end are what tells."""
    room = max(20, room)
    if len(title) <= room:
        return title
    half = (room - 1) // 2
    return f"{title[: room - 1 - half]}…{title[-half:]}"


@contextmanager
def bar(shell: Shell, title: str) -> Iterator[Bar]:
    """Draw a bar below what is written, until the block ends; nothing where nobody watches."""
    if not shell.watched:
        yield _Hidden()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=_BAR),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    # Standard output is left alone: it may be a file.
    with Progress(
        *columns, console=shell.bars, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        yield _Shown(progress, title)
