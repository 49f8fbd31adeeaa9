"""Every sentence that the command line may say, read from its code and its help."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from svenska.app import create_command
from svenska.checks import State
from svenska.jobs import Status

PACKAGE = Path(__file__).parents[3] / "svenska"
_SPEAKING = {"Failure": 0, "say": 0, "text": 0, "status": 0, "_unusable": 0, "show": 1}
"""Functions, and which of their arguments is said."""
_NAMED = {"found", "fix"}
_TABLES = {"facts", "_conclusion", "_unwell"}
"""Functions whose dictionaries hold what is said."""
_COMMANDS = ("pip ", "svenska ", "export ")
_STATES = {*get_args(State)}
_WORDS = re.compile(r"[A-Za-z]{2}")
_PLACE = re.compile(r"\{[^}]*\}")


def places(sentence: str) -> list[str]:
    """Return the places that values are filled into."""
    return sorted(_PLACE.findall(sentence))


def in_code() -> Iterator[str]:
    """Yield the sentences that commands say."""
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from filter(_speaks, _said(node))


def states() -> set[str]:
    """Return the states of jobs, which the services name."""
    return {*get_args(Status)}


def in_help() -> Iterator[str]:
    """Yield the help of every command and option."""
    yield from _helped(create_command({}))


def _said(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and node.name in _TABLES:
        for table in (one for one in ast.walk(node) if isinstance(one, ast.Dict)):
            plain = (one for one in table.values if not isinstance(one, ast.Call))
            yield from _constants(*table.keys, *plain)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        at = _SPEAKING.get(name, len(node.args))
        yield from _constants(*node.args[at : at + 1], *(one.value for one in node.keywords if one.arg in _NAMED))
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _NAMED:
        yield from _constants(node.value)


def _constants(*nodes: ast.AST | None) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _constants(node.body, node.orelse)
        elif isinstance(node, ast.Tuple):
            yield from _constants(*node.elts)
        elif isinstance(node, ast.Call):
            yield from _constants(*node.args)


def _helped(command: TyperCommand | TyperGroup) -> Iterator[str]:
    yield command.help or ""
    for parameter in command.params:
        if isinstance(parameter, TyperArgument | TyperOption) and parameter.help:
            yield parameter.help
    for below in getattr(command, "commands", {}).values():
        yield from _helped(below)


def _speaks(sentence: str) -> bool:
    return (
        sentence not in _STATES and bool(_WORDS.search(_PLACE.sub("", sentence))) and not sentence.startswith(_COMMANDS)
    )
