"""Live text."""

import io
import json

import pytest
from rich.console import Console

from shared.events import Final, Partial, Ready
from svenska.captions import captions, line_of, unfinished
from svenska.shell import Shell


def _final(text: str = "Hej på dig!", start: float = 61.5) -> Final:
    return Final(utterance=0, start=start, end=start + 1, text=text, language="sv", confidence=0.9, latency=0.2)


def _partial(committed: str, tentative: str) -> Partial:
    return Partial(utterance=0, start=0, end=1, committed=committed, tentative=tentative, lag=0.1)


def _shell(*, terminal: bool) -> tuple[Shell, io.StringIO]:
    shell, out = Shell({}), io.StringIO()
    shell.out = Console(file=out, force_terminal=terminal, color_system=None, width=80, soft_wrap=True)
    return shell, out


@pytest.mark.parametrize(
    ("text", "times", "line"),
    [
        (" Hej! ", False, "Hej!"),
        ("Hej!", True, "[00:01:01.500] Hej!"),
        ("", True, ""),
        ("a\x1b[2Jb", False, "a�[2Jb"),
    ],
)
def test_a_final_is_a_line(text: str, line: str, *, times: bool):
    """With its time where asked for, and nothing that a terminal would act on."""
    assert line_of(_final(text), times=times) == line


def test_what_is_uncertain_is_faint():
    """And what is certain is not."""
    text = unfinished(_partial("Hej på", " dig"), room=80)
    assert text.plain == "Hej på dig"
    assert [(span.start, span.end, str(span.style)) for span in text.spans] == [(6, 10, "dim italic")]


def test_of_a_long_utterance_the_end_is_shown():
    """It is what is being said."""
    text = unfinished(_partial("ett " * 100, "två"), room=20)
    assert len(text) == 20
    assert text.plain.startswith("…")
    assert text.plain.endswith("ett två")


def test_elsewhere_than_on_a_terminal_only_finals_are_written():
    """A line each, so that a file or a program reads text."""
    shell, out = _shell(terminal=False)
    with captions(shell, times=False) as shown:
        shown.show(_partial("Hej", ""))
        shown.show(_final())
        shown.show(_final(""))
    assert out.getvalue() == "Hej på dig!\n"


def test_a_terminal_sees_both():
    """The line that is final is written for good, once."""
    shell, out = _shell(terminal=True)
    with captions(shell, times=False) as shown:
        shown.show(_partial("Hej", " på"))
        shown.show(_final())
    assert out.getvalue().count("Hej på dig!") == 1


def test_json_is_every_event_as_it_came():
    """One object a line."""
    shell, out = _shell(terminal=True)
    shell.json = True
    ready = Ready(session_id="s", model="bundled", language="sv", sample_rate=16_000)
    with captions(shell, times=False) as shown:
        shown.show(ready)
        shown.show(_partial("Hej", ""))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["type"] for line in lines] == ["ready", "partial"]
