"""What a command has around it: environment, language, standard streams."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO

from rich.console import Console

from svenska.exits import Failure
from svenska.language import Language, language_of, translated


class Shell:
    """Results go to standard output, everything for a person to standard error; colour only to a terminal."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Speak the language of `environ`, through the standard streams as they are now."""
        self.environ = environ
        self.language: Language = language_of(environ)
        self.json = False
        """Whether results and errors are JSON objects, one a line."""
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(highlight=False, soft_wrap=True, stderr=True)

    @property
    def bars(self) -> Console:
        """Where progress is drawn: on the console that results are written above, if anybody looks at it."""
        return self.out if self.out.is_terminal else self.err

    @property
    def watched(self) -> bool:
        """Whether a person sees progress while it happens."""
        return self.bars.is_terminal and not self.json

    @property
    def stdin(self) -> BinaryIO:
        """Standard input as bytes."""
        return sys.stdin.buffer

    def text(self, sentence: str, **values: object) -> str:
        """Return a sentence in the person's language, its `{values}` filled in."""
        return translated(sentence, self.language).format(**values)

    def say(self, sentence: str, **values: object) -> None:
        """Tell the person something that is no result."""
        self.err.out(self.text(sentence, **values), highlight=False)

    def write(self, text: str) -> None:
        """Write a result as it is, at once; on a terminal above the bars."""
        if self.out.is_terminal:
            self.out.out(text, highlight=False, end="")
        else:  # rich would turn tabs into spaces
            self.out.file.write(text)
            self.out.file.flush()

    def document(self, value: Mapping[str, Any]) -> None:
        """Write a result as one line of JSON."""
        self.write(json.dumps(value, ensure_ascii=False) + "\n")

    def fail(self, failure: Failure, **context: str) -> None:
        """Say in one sentence what went wrong, `context` (the file, the job) in front."""
        message = self.text(failure.sentence, **failure.values)
        if self.json:
            self.document({**context, "error": {"code": failure.code, "message": message}})
        else:
            self.err.out(": ".join(["svenska", *context.values(), message]), highlight=False, style="red")

    def wait(self, failure: Failure) -> None:
        """Say that a service will be asked again, and why."""
        message = self.text(failure.sentence, **failure.values)
        self.say("{message} Trying again in {seconds:g} s.", message=message, seconds=failure.retry_after)

    def status(self, sentence: str, **values: object) -> AbstractContextManager[object]:
        """Show that something is going on for as long as the block lasts."""
        return self._spinning(self.text(sentence, **values))

    @contextmanager
    def _spinning(self, text: str) -> Iterator[None]:
        if not self.watched:
            yield
            return
        with self.bars.status(text):
            yield


def printable(text: str) -> str:
    """Return a name or message that somebody else wrote, without anything that a terminal would act on."""
    return "".join(one if one.isprintable() else "�" for one in text)
