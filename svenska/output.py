"""Where transcripts go: rendered, and written so that a file is whole or not there."""

import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.render import Format, render
from shared.transcript import segment_from_json
from svenska.exits import Exit, Failure
from svenska.recordings import Recording

SUFFIXES: dict[Format, str] = {"json": ".json", "text": ".txt", "srt": ".srt", "vtt": ".vtt"}
_MODE = 0o666


def rendered(document: Mapping[str, Any], form: Format) -> str:
    """Return a transcript, or a job's result, in that format; raises `Failure` where it is none."""
    if form == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    try:
        segments = [segment_from_json(one) for one in document["segments"]]
    except (KeyError, TypeError, ValidationError) as error:
        raise Failure(
            "The service's answer is not a transcript.", code="not_a_service", exit_code=Exit.UNREACHABLE
        ) from error
    return render(segments, form)


def destinations(recordings: Sequence[Recording], form: Format, folder: Path) -> Iterator[Path]:
    """Yield a file in `folder` for each recording: its name with the format's ending, no two alike."""
    names = [Path(recording.upload_name) for recording in recordings]
    stems = Counter(name.stem for name in names)
    taken: set[str] = set()
    for name in names:
        base = name.stem if stems[name.stem] == 1 else name.name
        numbered = (f"{base}.{number}" for number in count(2))
        taken.add(file := next(one for one in chain([base], numbered) if one not in taken))
        yield folder / f"{file}{SUFFIXES[form]}"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder is made. Raises `Failure`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a terminal, a pipe, /dev/null
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path, text)
    except OSError as error:
        raise Failure(
            "{path} cannot be written: {reason}.",
            code="not_writable",
            exit_code=Exit.FAILED,
            path=path,
            reason=error.strerror,
        ) from None


def _replace(path: Path, text: str) -> None:
    target = path.resolve()  # a link stays one
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:64]}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(target.stat().st_mode if target.exists() else _MODE & ~_umask())
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
