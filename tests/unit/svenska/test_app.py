"""The command line as a whole: light, polite, in two languages."""

import io
import json
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from shared import __version__
from svenska.app import create_command
from svenska.exits import Exit

NOWHERE = "http://127.0.0.1:1"
HEAVY = {"api_server", "batch_worker", "faster_whisper", "ctranslate2", "av", "numpy", "uvicorn", "fastapi"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; returns exit code, standard output and standard error."""

    def command(*arguments: str, **environ: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            create_command(environ)(list(arguments), prog_name="svenska")
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def test_the_command_line_alone_loads_no_service():
    """It starts in a fraction of a second, and where only the extra `cli` is installed."""
    code = f"import sys, svenska.app; svenska.app.create_command({{}}); print({HEAVY!r} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "command",
    [
        "transcribe", "listen", "jobs submit", "jobs list", "jobs show", "jobs watch", "jobs result", "jobs cancel",
        "jobs retry", "models list", "models load", "models unload", "serve api", "serve batch", "serve all", "doctor",
    ],
)  # fmt: skip
def test_every_command_has_help_in_both_languages(run: Run, command: str):
    """And the two differ."""
    english = run(*command.split(), "--help")
    swedish = run(*command.split(), "--help", LANG="sv_SE.UTF-8")
    assert english[0] == swedish[0] == Exit.DONE
    assert english[1] != swedish[1]


@pytest.mark.parametrize("command", ["transcribe", "jobs submit", "nonsense", "transcribe a.wav --format doc", "jobs"])
def test_a_wrong_command_line_is_a_usage_error(run: Run, command: str):
    """Exit code 2, as everywhere."""
    assert run(*command.split())[0] == Exit.USAGE


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("transcribe missing.wav", Exit.INPUT),
        ("transcribe a.wav", Exit.UNREACHABLE),
        ("listen missing.wav", Exit.INPUT),
        ("jobs submit a.wav", Exit.UNREACHABLE),
        ("jobs list", Exit.UNREACHABLE),
        ("jobs show abc", Exit.UNREACHABLE),
        ("jobs show a/b", Exit.NOT_FOUND),
        ("jobs submit a.wav --feature x=y", Exit.USAGE),
        ("jobs submit a.wav --metadata [1]", Exit.USAGE),
        ("jobs submit a.wav --metadata {", Exit.USAGE),
        ("models list", Exit.UNREACHABLE),
        ("models list --server ftp://a", Exit.USAGE),
        ("transcribe a.wav b.wav -o c.txt", Exit.USAGE),
        ("listen a.wav", Exit.UNREACHABLE),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    run: Run, command: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On standard error, in the person's language, with an exit code of its own, and never a traceback."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(_wav())
    nowhere = {"SVENSKA_SERVER": NOWHERE, "SVENSKA_JOBS_SERVER": NOWHERE}
    for language in ("C", "sv_SE.UTF-8"):
        found, out, err = run(*command.split(), **nowhere, LANG=language)
        assert (found, out) == (code, "")
        assert len(err.splitlines()) == 1
        assert err.startswith("svenska: ")
        assert "Traceback" not in err


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(3200))
    return file.getvalue()


def test_with_json_an_error_is_json_too(run: Run):
    """In the shape of the services, on standard output, alone."""
    code, out, err = run("jobs", "list", "--json", "--server", NOWHERE)
    assert (code, err) == (Exit.UNREACHABLE, "")
    assert json.loads(out)["error"]["code"] == "unreachable"


def test_a_sentence_is_in_the_persons_language(run: Run):
    """English unless the locale is Swedish."""
    assert "No service answers" in run("jobs", "list", "--server", NOWHERE)[2]
    assert "Ingen tjänst svarar" in run("jobs", "list", "--server", NOWHERE, LANG="sv_SE.UTF-8")[2]


def test_the_version_is_the_packages(run: Run):
    """As the services give it."""
    assert run("--version")[:2] == (0, f"svenska {__version__}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes(shell: str):
    """The completion of typer completion, under the name of the command."""
    words = {"_SVENSKA_COMPLETE": f"complete_{shell}", "COMP_WORDS": "svenska jobs s", "COMP_CWORD": "2"}
    words |= {"_TYPER_COMPLETE_ARGS": "svenska jobs s", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    found = subprocess.run(
        [sys.executable, "-m", "svenska"], env=words, capture_output=True, text=True, check=False, timeout=60
    )
    assert "submit" in found.stdout
    assert "show" in found.stdout
