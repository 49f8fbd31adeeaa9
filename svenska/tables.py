"""Jobs and models as tables for people, and as tab-separated lines for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from svenska.shell import Shell, printable

_COLOURS = {"completed": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def show(shell: Shell, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on a terminal; elsewhere write the rows alone, tabs between their cells."""
    clean = [[printable(cell) for cell in row] for row in rows]
    if not shell.out.is_terminal:
        shell.write("".join("\t".join(row) + "\n" for row in clean))
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        # The last one gives way: it is a file's name, and the first is what commands are given.
        table.add_column(shell.text(column), no_wrap=True, overflow="fold")
    for row in clean:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell.split(" ")[0], "")) for cell in row))
    shell.out.print(table)


def facts(shell: Shell, rows: Mapping[str, str]) -> None:
    """Write what is known of one thing, a line each."""
    width = max(len(shell.text(name)) for name in rows)
    for name, value in rows.items():
        shell.write(f"{shell.text(name):<{width}}  {printable(value)}\n")


def seconds(value: Any) -> str:  # noqa: ANN401 - out of somebody's JSON
    """Return a duration as `H:MM:SS`, or nothing."""
    if not isinstance(value, int | float):
        return ""
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def moment(value: Any) -> str:  # noqa: ANN401 - out of somebody's JSON
    """Return an RFC 3339 timestamp to the minute, in this machine's time zone; or nothing."""
    try:
        return f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"
    except (TypeError, ValueError):
        return ""
