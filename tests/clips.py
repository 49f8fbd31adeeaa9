"""The clips in `tests/data`, and what is said in them."""

import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A recording with its reference text."""

    path: Path
    """The file; flac, mp3, webm or m4a."""
    text: str
    """What is said, as the bundled model writes it; empty for silence and noise."""
    language: str
    """ISO 639-1; empty where nobody speaks."""
    duration: float
    """Seconds."""

    @property
    def name(self) -> str:
        """The file's name without its extension."""
        return self.path.stem


def load(folder: Path = DATA) -> tuple[Clip, ...]:
    """Return the clips of a folder, by name; each is `NAME.json` beside one `NAME.*`."""
    return tuple(_clip(facts) for facts in sorted(folder.glob("*.json")))


def clip(name: str) -> Clip:
    """Return the clip of that name from `tests/data`."""
    return _clip(DATA / f"{name}.json")


def _clip(facts: Path) -> Clip:
    said = json.loads(facts.read_text(encoding="utf-8"))
    (path,) = (one for one in facts.parent.glob(f"{facts.stem}.*") if one.suffix != ".json")
    return Clip(path=path, text=said["text"], language=said["language"], duration=said["duration"])
