"""The recordings that a command line names: files, patterns, standard input."""

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from svenska.exits import Exit, Failure
from svenska.shell import printable

STDIN = "-"
_IN_MEMORY = 16_000_000
"""Bytes of standard input that are held in memory; more wait on the disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Something to be transcribed."""

    path: Path | None
    """None for standard input."""
    stdin: BinaryIO | None = None
    """Where `path` is None."""

    @property
    def name(self) -> str:
        """What it is called to people: as it was given, harmless to print."""
        return "stdin" if self.path is None else printable(os.fsencode(self.path).decode(errors="replace"))

    @property
    def label(self) -> str:
        """What its progress is called: its name without its folder, harmless to print."""
        return printable(self.upload_name)

    @property
    def upload_name(self) -> str:
        """What it is called to a service: never a folder of this machine."""
        return "stdin" if self.path is None else os.fsencode(self.path.name).decode(errors="replace")

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Lend the bytes as a seekable file; raises `Failure` where there is none."""
        if self.path is not None:
            with _file(self.path, self.name) as file:
                yield file
        elif self.stdin is None or self.stdin.isatty():
            raise Failure(
                "Standard input is a terminal: pipe a recording into it.", code="missing_file", exit_code=Exit.USAGE
            )
        else:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
                shutil.copyfileobj(self.stdin, copy)
                copy.seek(0)
                yield cast(BinaryIO, copy)


def recordings(arguments: Sequence[str], stdin: BinaryIO | None) -> list[Recording]:
    """Return what the arguments name, in their order, each once; a pattern that matches nothing is kept as a name."""
    named: dict[str, Recording] = {}
    for argument in arguments:
        for name in [argument] if argument == STDIN else expanded(argument):
            recording = Recording(path=None, stdin=stdin) if name == STDIN else Recording(path=Path(name))
            named.setdefault(name, recording)
    return list(named.values())


def expanded(argument: str) -> list[str]:
    """Return the files that a pattern matches, sorted; a name that exists, or matches nothing, is itself."""
    if os.path.lexists(argument) or not glob.has_magic(argument):
        return [argument]
    found = glob.glob(argument, recursive=True)  # noqa: PTH207 - pathlib has no absolute patterns
    matches = sorted(name for name in found if Path(name).is_file())
    return matches or [argument]


def _file(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise _unusable("There is no such file.", "file_not_found") from None
    except IsADirectoryError:
        raise _unusable("It is a folder; name its files, as in '{name}/*'.", "is_a_folder", name=name) from None
    except PermissionError:
        raise _unusable("The file may not be read by this user.", "not_readable") from None
    except (OSError, ValueError) as error:
        raise _unusable("The file cannot be read ({error}).", "not_readable", error=error) from None


def _unusable(sentence: str, code: str, *, name: str = "", error: object = "") -> Failure:
    return Failure(sentence, code=code, exit_code=Exit.INPUT, name=name, error=error)
