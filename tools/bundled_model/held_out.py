"""The sentences of the test clips, so that training can leave them out."""

import json
from pathlib import Path

from tools.bundled_model.text import normalize


def held_out_sentences(folder: Path) -> frozenset[str]:
    """Return, normalized, each sentence of each test clip under a folder, and each clip's whole text."""
    found = set()
    for path in sorted(folder.glob("*/*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        found.add(normalize(said["text"]))
        found.update(normalize(segment["text"]) for segment in said.get("segments", ()))
    return frozenset(found - {""})
