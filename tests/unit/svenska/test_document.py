"""`docs/command-line.md` says what the command line is."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption

from svenska.app import create_command
from svenska.exits import Exit
from svenska.shell import Shell

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
_BY_CLICK = {"--help", "-h"}
_OPTION = re.compile(r"`(-{1,2}[a-z][a-z-]*)")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(group: TyperGroup | None = None, above: str = "svenska") -> dict[str, TyperCommand]:
    """Return every command that does something, by what is typed."""
    found: dict[str, TyperCommand] = {}
    for name, command in (group or create_command({})).commands.items():
        typed = f"{above} {name}"
        found |= commands(command, typed) if isinstance(command, TyperGroup) else {typed: command}  # type: ignore[dict-item]
    return found


def sections() -> dict[str, str]:
    """Return what is said of each command, by what is typed."""
    parts = re.split(r"^## (.*)\n", DOCUMENT, flags=re.MULTILINE)
    return {title.strip("`"): text for title, text in zip(parts[1::2], parts[2::2], strict=True) if "`" in title}


def examples(text: str) -> Iterator[list[str]]:
    """Yield the words of each call of `svenska` in the shell blocks of a text."""
    for line in "".join(_BLOCK.findall(text)).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&>;")
        lexer.whitespace_split = True
        words = list(lexer)
        for start in (at for at, word in enumerate(words) if word == "svenska"):
            end = next((at for at in range(start, len(words)) if re.fullmatch(r"[|&>;]+", words[at])), len(words))
            given = ["FROM-XARGS"] if "xargs" in words[:start] else []
            yield [*words[start:end], *given]


def options(command: TyperCommand) -> set[str]:
    """Return every spelling of a command's options but for help."""
    named = [one for one in command.params if isinstance(one, TyperOption)]
    return {spelled for one in named for spelled in (*one.opts, *one.secondary_opts)} - _BY_CLICK


def test_every_command_is_described_and_no_other():
    """A section each."""
    assert sections().keys() == commands().keys()
    assert len(sections()) > 15


@pytest.mark.parametrize("typed", commands())
def test_every_option_is_described_and_no_other(typed: str):
    """In the section of its command, examples included."""
    text = sections()[typed]
    prose = _BLOCK.sub("", text)
    assert set(_OPTION.findall(prose)) - _BY_CLICK == options(commands()[typed])


@pytest.mark.parametrize("typed", commands())
def test_every_command_has_an_example_and_exit_codes(typed: str):
    """Of its own, and of those that there are."""
    text = sections()[typed]
    assert any(" ".join(words).startswith(typed) for words in examples(text))
    (said,) = re.findall(r"^Exit codes: (.*)", text, re.MULTILINE)
    codes = {int(number) for number in re.findall(r"\b\d+\b", re.sub(r"\(.*?\)", "", said))}
    assert {Exit.DONE} < codes <= {*Exit}


@pytest.mark.parametrize("words", [*examples(DOCUMENT)], ids=" ".join)
def test_every_example_is_understood(words: list[str]):
    """Its command exists, and its options and values are ones that it takes."""
    known = commands()
    if words[1].startswith("-"):
        assert words[1] in {spelled for one in create_command({}).params for spelled in one.opts}
        return
    typed = next(one for length in (3, 2) if (one := " ".join(words[:length])) in known)
    known[typed].make_context(typed, words[len(typed.split()) :], obj=Shell({}))


def test_every_exit_code_is_explained():
    """In the table."""
    (table,) = re.findall(r"^## Exit codes\n(.*?)^## ", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == {*Exit}


def test_every_environment_variable_is_explained():
    """What the code reads and what the document names are the same."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "svenska").glob("*.py"))
    assert set(re.findall(r"\bSVENSKA_\w+", code)) == set(re.findall(r"\bSVENSKA_\w+", DOCUMENT))


def test_the_options_of_the_whole_are_named():
    """Version and completion."""
    spelled = {name for one in create_command({}).params for name in one.opts}
    assert [name for name in sorted(spelled - _BY_CLICK) if name not in DOCUMENT] == []
