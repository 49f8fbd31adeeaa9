"""`svenska transcribe`: recordings in, transcripts out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from shared.render import Format
from svenska.choose import api_service
from svenska.client import Document, Service, patiently
from svenska.one_by_one import end_with, one_by_one
from svenska.options import Json, Local, Model, Output, Prompt, Server, SpokenLanguage, Wait, Words, shell_of
from svenska.output import rendered, write
from svenska.progress import bar
from svenska.recordings import STDIN, recordings
from svenska.shell import Shell, printable
from svenska.transcription import Task, form_fields, planned, transcript


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

        def work(task: Task) -> None:
            _deliver(shell, task, _transcribed(shell, service, task, fields, wait=wait))

        end_with(one_by_one(shell, due, work, what="file", name=lambda task: task.recording.name))


def _without_finished(shell: Shell, tasks: Sequence[Task]) -> list[Task]:
    finished = [task for task in tasks if task.path and task.path.exists()]
    for task in finished:
        shell.say(
            "{file}: {path} is there already; --overwrite makes it anew.", file=task.recording.name, path=task.path
        )
    return [task for task in tasks if task not in finished]


def _transcribed(shell: Shell, service: Service, task: Task, fields: Mapping[str, str], *, wait: float) -> Document:
    """Return a transcript; text for standard output is written while it comes."""
    live = _is_live(shell, task)
    if task.several and task.path is None and task.form != "json" and not shell.json:
        shell.write(f"==> {task.recording.name} <==\n")
    with bar(shell, task.title) as progress, task.recording.opened() as file:

        def on_segment(data: Document) -> None:
            progress.advance(float(data.get("progress", 0.0)))
            if live and "text" in data:
                shell.write(rendered({"segments": [data]}, "text"))

        def work() -> Document:
            file.seek(0)
            return transcript(service, file, task.recording.upload_name, fields, on_segment)

        return patiently(work, seconds=wait, tell=shell.wait)


def _is_live(shell: Shell, task: Task) -> bool:
    return task.path is None and task.form == "text" and not shell.json


def _deliver(shell: Shell, task: Task, document: Document) -> None:
    name = task.recording.name
    for warning in document.get("warnings", ()):
        shell.say("{file}: {message}", file=name, message=printable(str(warning.get("message", ""))))
    if task.path:
        write(task.path, rendered(document, task.form))
        if shell.json:
            shell.document({"file": name, "output": str(task.path), "duration": document.get("duration")})
        else:
            shell.say("{file}: {path}", file=name, path=task.path)
    elif shell.json:
        shell.document({"file": name, **document})
    elif not _is_live(shell, task):  # else it is written already
        shell.write(rendered(document, task.form))
