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


def rendered(results: Mapping[Tried, str], version: Callable[[str], str]) -> str:
    """Return the table, sorted."""
    lines = ["| client | version | feature | result |", "|---|---|---|---|"]
    versions = {client: version(client) for client in {tried.client for tried in results}}
    lines += [
        f"| {tried.client} | {versions[tried.client]} | {tried.feature} | {_SHOWN[outcome]} |"
        for tried, outcome in sorted(results.items())
    ]
    return "\n".join(lines) + "\n"


def write(results: Mapping[Tried, str], version: Callable[[str], str]) -> None:
    """Put the table in its place in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOCUMENT.write_text(f"{before}{_BEGIN}{rendered(results, version)}{_END}{after}", encoding="utf-8")


def listed() -> set[Tried]:
    """Return what the document's table holds."""
    body = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]
    rows = (line.strip("| ").split(" | ") for line in body.splitlines()[2:])
    return {Tried(row[0], row[2]) for row in rows}
