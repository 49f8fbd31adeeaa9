"""The examples of earlier systems, run from their own text with host and port changed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import DATA

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SECONDS = 120


def examples(seed: str, language: str) -> list[str]:
    """Return the code blocks of a seed's examples in one language, in order."""
    text = (DATA / "seeds" / f"{seed}.md").read_text(encoding="utf-8")
    return [body for kind, body in _BLOCK.findall(text) if kind == language]


def pointed(example: str, url: str) -> str:
    """Return an example that calls `url` instead of whatever port of localhost it was written for."""
    return re.sub(r"localhost:\d+", url.removeprefix("http://"), example)


def python(example: str, folder: Path) -> str:
    """Run a Python example in `folder` and return what it prints."""
    pytest.importorskip("requests", reason="the example imports it")
    return _run([sys.executable, "-c", example], folder)


def shell(example: str, folder: Path) -> str:
    """Run curl lines in `folder` and return what they print."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return _run(["bash", "-ec", example.replace("curl ", "curl --silent --show-error ")], folder)


def node(example: str, folder: Path, *options: str) -> str:
    """Run a Node example in `folder`, where its packages are, and return what it prints."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    script = folder / "example.cjs"
    script.write_text(example, encoding="utf-8")
    return _run(["node", "--no-warnings", *options, script.name], folder)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
