"""One thing after another: what fails is said, and does not keep the others from being done."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import typer

from svenska.exits import Failure
from svenska.shell import Shell

T = TypeVar("T")


def one_by_one(
    shell: Shell, items: Iterable[T], work: Callable[[T], None], *, what: str, name: Callable[[T], str]
) -> list[Failure]:
    """Do `work` with each; say what failed, naming the item as the `what` that it is; return the failures."""
    failures = []
    for item in items:
        try:
            work(item)
        except Failure as failure:
            shell.fail(failure, **{what: name(item)})
            failures.append(failure)
    return failures


def end_with(failures: Sequence[Failure]) -> None:
    """End the command with the exit code of the first failure, if there is one."""
    if failures:
        raise typer.Exit(failures[0].exit_code)
