"""How far it is, for a person who watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from svenska.shell import Shell


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
        self._task = progress.add_task(escape(title), total=None, note="")

    def advance(self, fraction: float) -> None:
        """Draw the bar that long."""
        self._progress.update(self._task, total=1.0, completed=fraction)

    def note(self, text: str) -> None:
        """Write it behind the bar."""
        self._progress.update(self._task, note=escape(text))


@contextmanager
def bar(shell: Shell, title: str) -> Iterator[Bar]:
    """Draw a bar below what is written, until the block ends; nothing where nobody watches."""
    if not shell.watched:
        yield _Hidden()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
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
