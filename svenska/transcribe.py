"""`svenska transcribe`: recordings in, transcripts out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from shared.render import Format
from svenska.choose import api_service
from svenska.client import Document, Service, broken_off, patiently, refusal
from svenska.exits import Exit, Failure
from svenska.options import (
    Json,
    Local,
    Model,
    Output,
    Prompt,
    Server,
    SpokenLanguage,
    Wait,
    Words,
    shell_of,
)
from svenska.output import SUFFIXES, destinations, rendered, write
from svenska.progress import bar
from svenska.recordings import STDIN, Recording, recordings
from svenska.shell import Shell, printable

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


def transcribe(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Audio or video; patterns; - for standard input.")],
    *,
    form: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="How it is written; else by the ending of --output, else text."),
    ] = None,
    language: SpokenLanguage = None,
    model: Model = None,
    translate: Annotated[bool, typer.Option("--translate", help="Write English, whatever is spoken.")] = False,
    prompt: Prompt = None,
    hotwords: Annotated[str | None, typer.Option("--hotwords", metavar="TEXT", help="Words to be expected.")] = None,
    words: Words = False,
    vad: Annotated[bool, typer.Option("--vad/--no-vad", help="Cut silence out before decoding.")] = True,
    beam_size: Annotated[
        int | None, typer.Option("--beam-size", min=1, max=20, help="1 is fastest; the service's default is 5.")
    ] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Only take the time that live speech leaves.")] = False,
    output: Output = None,
    folder: Annotated[
        Path | None, typer.Option("--output-dir", "-d", metavar="DIR", help="Write a file for each recording there.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make files in DIR anew; else recordings that have theirs are left out.")
    ] = False,
    server: Server = None,
    local: Local = False,
    wait: Wait = 60.0,
    as_json: Json = False,
) -> None:
    """Transcribe recordings: on a service, or in this process where none runs."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    tasks = planned(recordings(files, shell.stdin if STDIN in files else None), form, output, folder)
    due = tasks if overwrite or not folder else _without_finished(shell, tasks)
    if not due:
        return
    fields = form_fields(
        language=language,
        model=model,
        task="translate" if translate else None,
        prompt=prompt,
        hotwords=hotwords,
        word_timestamps=words or None,
        vad_filter=None if vad else False,
        beam_size=beam_size,
        lane="batch" if batch else None,
    )
    with api_service(shell, server, local=local, model=model) as service:
        if service.address.own:  # the model asked for is its resident one
            fields.pop("model", None)
        failures = _all(shell, service, due, fields, wait)
    if failures:
        raise typer.Exit(failures[0].exit_code)


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
    return [Task(recording=one, form=form, path=path) for one, path in zip(named, paths, strict=True)]


def _form_of(output: Path | None) -> Format:
    forms = {suffix: form for form, suffix in SUFFIXES.items()}
    return forms.get(output.suffix.lower(), "text") if output else "text"


def _without_finished(shell: Shell, tasks: Sequence[Task]) -> list[Task]:
    finished = [task for task in tasks if task.path and task.path.exists()]
    for task in finished:
        shell.say(
            "{file}: {path} is there already; --overwrite makes it anew.", file=task.recording.name, path=task.path
        )
    return [task for task in tasks if task not in finished]


def _all(
    shell: Shell, service: Service, tasks: Sequence[Task], fields: Mapping[str, str], wait: float
) -> list[Failure]:
    """Do one after another; a failure of one does not keep the others from being done."""
    failures = []
    for number, task in enumerate(tasks, start=1):
        name = task.recording.name
        title = name if len(tasks) == 1 else f"{number}/{len(tasks)} {name}"
        try:
            _one(shell, service, task, fields, wait=wait, title=title, heading=len(tasks) > 1)
        except Failure as failure:
            shell.fail(failure, file=name)
            failures.append(failure)
    return failures


def _one(
    shell: Shell, service: Service, task: Task, fields: Mapping[str, str], *, wait: float, title: str, heading: bool
) -> None:
    screen = task.path is None and not shell.json
    live = screen and task.form == "text"
    if screen and heading and task.form != "json":
        shell.write(f"==> {task.recording.name} <==\n")
    with bar(shell, title) as progress, task.recording.opened() as file:

        def on_segment(data: Document) -> None:
            progress.advance(float(data.get("progress", 0.0)))
            if live and "text" in data:
                shell.write(rendered({"segments": [data]}, "text"))

        def work() -> Document:
            file.seek(0)
            return transcript(service, file, task.recording.upload_name, fields, on_segment)

        document = patiently(work, seconds=wait, tell=lambda failure: _tell_wait(shell, failure))
    _tell_warnings(shell, task, document)
    if not live:
        _deliver(shell, task, document)


def _deliver(shell: Shell, task: Task, document: Document) -> None:
    name = task.recording.name
    if task.path:
        write(task.path, rendered(document, task.form))
        if shell.json:
            shell.document({"file": name, "output": str(task.path), "duration": document.get("duration")})
        else:
            shell.say("{file}: {path}", file=name, path=task.path)
    elif shell.json:
        shell.document({"file": name, **document})
    else:
        shell.write(rendered(document, task.form))


def _tell_warnings(shell: Shell, task: Task, document: Document) -> None:
    for warning in document.get("warnings", ()):
        shell.say("{file}: {message}", file=task.recording.name, message=printable(str(warning.get("message", ""))))


def _tell_wait(shell: Shell, failure: Failure) -> None:
    shell.say(
        "{message} Trying again in {seconds:g} s.",
        message=shell.text(failure.sentence, **failure.values),
        seconds=failure.retry_after,
    )


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
