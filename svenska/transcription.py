"""One recording to the api_server, and what is to become of its transcript."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from shared.render import Format
from svenska.client import Document, Service, broken_off, refusal
from svenska.exits import Exit, Failure
from svenska.output import SUFFIXES, destinations
from svenska.recordings import Recording

OnSegment = Callable[[Document], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One recording, and what is to become of it."""

    recording: Recording
    """What to send."""
    form: Format
    """As which text."""
    path: Path | None
    """The file to write; None: standard output."""
    title: str
    """What its progress is called: its name, with a number where there are several."""
    several: bool
    """Whether there are others, from which its text has to be told on standard output."""


def planned(named: Sequence[Recording], form: Format | None, output: Path | None, folder: Path | None) -> list[Task]:
    """Return what is to be done; raises `Failure` where the options do not go together."""
    if output and (folder or len(named) > 1):
        raise Failure(
            "--output takes the transcript of one recording; for several use --output-dir.",
            code="invalid_parameter",
            exit_code=Exit.USAGE,
        )
    form = form or _form_of(output)
    paths: list[Path | None] = [output] * len(named) if not folder else [*destinations(named, form, folder)]
    several = len(named) > 1
    return [
        Task(
            recording=one,
            form=form,
            path=path,
            title=f"{number}/{len(named)} {one.label}" if several else one.label,
            several=several,
        )
        for number, (one, path) in enumerate(zip(named, paths, strict=True), start=1)
    ]


def _form_of(output: Path | None) -> Format:
    forms = {suffix: form for form, suffix in SUFFIXES.items()}
    return forms.get(output.suffix.lower(), "text") if output else "text"


def transcript(
    service: Service, file: BinaryIO, name: str, fields: Mapping[str, str], on_segment: OnSegment
) -> Document:
    """Return the transcript of one recording; segments are told as they come. Raises `Failure`."""
    form = {**fields, "stream": "true"}
    with service.events("POST", "/transcribe", data=form, files={"file": (name, file)}) as events:
        for event in events:
            if event.name == "done":
                return event.data
            if event.name == "error":
                raise refusal(event.data, status=500)
            on_segment(event.data)
    raise broken_off(service.address)


def form_fields(**fields: object) -> dict[str, str]:
    """Return the fields that say something, as a form spells them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
        if value is not None
    }
