"""The commands, put together and in the person's language."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from shared import __version__
from svenska import doctor, jobs, listen, models, serve, transcribe
from svenska.exits import Exit, Failure
from svenska.language import Language, language_of, translated
from svenska.shell import Shell


class _Commands(TyperGroup):
    """Ends a command that fails with one sentence and its exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's own
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            _end(ctx.obj, failure)
        except BrokenPipeError:
            raise  # whoever reads has enough: typer ends the program quietly
        except OSError as error:  # a disk that fails in the middle of a file, a network in the middle of a name
            _end(ctx.obj, Failure("{reason}.", code="os_error", exit_code=Exit.FAILED, reason=error.strerror or error))


def _end(shell: Shell, failure: Failure) -> NoReturn:
    shell.fail(failure)
    raise typer.Exit(failure.exit_code) from failure


def create_command(environ: Mapping[str, str] = os.environ) -> TyperGroup:
    """Return the command line, helping in the language of `environ`."""
    app = typer.Typer(
        name="svenska",
        cls=_Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help=main.__doc__,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def begin(
        context: typer.Context,
        *,
        version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
        ] = False,
    ) -> None:
        del version  # its callback has ended the command
        context.obj = Shell(environ)

    app.callback()(begin)
    app.command("transcribe")(transcribe.transcribe)
    app.command("listen")(listen.listen)
    app.add_typer(jobs.create())
    app.add_typer(models.create())
    app.add_typer(serve.create())
    app.command("doctor")(doctor.doctor)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)  # noqa: S101 - there are several commands
    _word(command, language_of(environ))
    return command


def main() -> None:
    """Swedish-first speech to text from the command line."""
    create_command()(prog_name="svenska")


def _show_version(value: bool) -> None:  # noqa: FBT001 - the shape of a typer callback
    if value:
        typer.echo(f"svenska {__version__}")
        raise typer.Exit


def _word(command: TyperCommand | TyperGroup, language: Language) -> None:
    """Put the help of a command and of those below it into that language, and let switches name no type."""
    if command.help:
        command.help = translated(command.help, language)
    for parameter in command.params:
        if isinstance(parameter, TyperArgument | TyperOption) and parameter.help:
            parameter.help = translated(parameter.help, language)
        if isinstance(parameter, TyperOption) and parameter.is_flag:
            parameter.metavar = ""  # else typer calls it <bool>
    for below in getattr(command, "commands", {}).values():
        _word(below, language)
