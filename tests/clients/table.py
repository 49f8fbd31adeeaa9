"""The table in `docs/compatibility.md`, as text."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- /table -->\n"
_ORDER = ("failed", "skipped", "passed")
_SHOWN = {"failed": "**fails**", "skipped": "not tried", "passed": "works"}


class Tried(NamedTuple):
    """A feature as a client uses it."""

    client: str
    """The package's name, `(npm)` behind it where it is not Python's."""
    feature: str
    """In a few words."""


def worst(outcomes: Iterable[str]) -> str:
    """Return the result that counts."""
    found = set(outcomes)
    return next(outcome for outcome in _ORDER if outcome in found)


def rendered(
    results: Mapping[Tried, str], version: Callable[[str], str], *, before: str = "", complete: bool = False
) -> str:
    """Return the table, sorted.

    Rows of the one `before` stay where a feature was skipped or, unless the run was `complete`, not tried.
    """
    versions = {client: version(client) for client in {tried.client for tried in results}}
    old = _rows(before)
    rows = {} if complete else dict(old)
    for tried, outcome in results.items():
        new = f"| {tried.client} | {versions[tried.client]} | {tried.feature} | {_SHOWN[outcome]} |"
        rows[tried] = old.get(tried, new) if outcome == "skipped" else new
    return (
        "\n".join(
            ["| client | version | feature | result |", "|---|---|---|---|", *(rows[tried] for tried in sorted(rows))]
        )
        + "\n"
    )


def write(results: Mapping[Tried, str], version: Callable[[str], str], *, complete: bool) -> None:
    """Put the table in its place in the document; as `rendered`."""
    head, table, tail = _parts()
    text = f"{head}{_BEGIN}{rendered(results, version, before=table, complete=complete)}{_END}{tail}"
    DOCUMENT.write_text(text, encoding="utf-8")


def complete(collected: Iterable[Path]) -> bool:
    """Return whether every file of tests here was collected."""
    return set(Path(__file__).parent.glob("test_*.py")) <= set(collected)


def listed() -> set[Tried]:
    """Return what the document's table holds."""
    return set(_rows(_parts()[1]))


def _parts() -> tuple[str, str, str]:
    head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    table, _, tail = rest.partition(_END)
    return head, table, tail


def _rows(text: str) -> dict[Tried, str]:
    rows = ((row.strip("| ").split(" | "), row) for row in text.splitlines()[2:])
    return {Tried(cells[0], cells[2]): row for cells, row in rows}
