"""Live text: what is being said, faint until it is certain, and a line for each utterance."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.live import Live
from rich.text import Text

from shared.events import Final, Partial, ServerEvent
from shared.render import timestamp
from svenska.shell import Shell, printable

_LINES = 3
"""Of an utterance that grows long, its end is shown."""


class Captions(Protocol):
    """Who is shown the events of a stream."""

    def show(self, event: ServerEvent) -> None:
        """Take note of the next event."""


@contextmanager
def captions(shell: Shell, *, times: bool) -> Iterator[Captions]:
    """Return who shows: every event as JSON, finals as lines, and to a terminal also what is not final yet."""
    if shell.json:
        yield _Documents(shell)
    elif not shell.out.is_terminal:
        yield _Lines(shell, times=times)
    else:
        with Live(console=shell.out, transient=True, refresh_per_second=12, redirect_stderr=False) as live:
            yield _Screen(shell, live, times=times)


def line_of(final: Final, *, times: bool) -> str:
    """Return a final as it is written: empty where nothing was said after all."""
    text = printable(final.text.strip())
    return f"[{timestamp(final.start, decimal='.')}] {text}" if times and text else text


def unfinished(partial: Partial, *, room: int) -> Text:
    """Return committed words solid and tentative ones faint, from the end, at most `room` characters."""
    committed = printable(partial.committed)
    text = Text.assemble(committed, (printable(partial.tentative), "dim italic"))
    return text if len(text) <= room else Text("…") + text[len(text) - room + 1 :]


class _Documents:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def show(self, event: ServerEvent) -> None:
        """Write it as it came."""
        self._shell.document(json.loads(event.model_dump_json(exclude_none=True)))


class _Lines:
    def __init__(self, shell: Shell, *, times: bool) -> None:
        self._shell = shell
        self._times = times

    def show(self, event: ServerEvent) -> None:
        """Write a line for each final."""
        if isinstance(event, Final) and (line := line_of(event, times=self._times)):
            self._shell.write(line + "\n")


class _Screen:
    def __init__(self, shell: Shell, live: Live, *, times: bool) -> None:
        self._lines = _Lines(shell, times=times)
        self._live = live
        self._room = shell.out.width * _LINES

    def show(self, event: ServerEvent) -> None:
        """Redraw what is being said, and write a line above it once it is final."""
        if isinstance(event, Partial):
            self._live.update(unfinished(event, room=self._room))
        elif isinstance(event, Final):
            self._live.update(Text(""), refresh=True)  # else it is drawn once more below the line
            self._lines.show(event)
