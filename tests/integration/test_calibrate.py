"""`python -m api_server.calibrate` on the bundled model and real speech."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import clips
from tests.processes import ROOT

pytestmark = pytest.mark.slow


def test_it_prints_settings_that_the_service_takes(tmp_path: Path) -> None:
    """Every way is tried; the last lines go into `.env` as they are."""
    files = [str(clip.path) for clip in clips.load() if clip.language == "sv"]
    done = subprocess.run(
        [sys.executable, "-m", "api_server.calibrate", "--pieces", "6", *files],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=240,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    for context in ("full", "verified", "short"):
        assert re.search(rf"^AUDIO_CONTEXT={context} .* s a piece", done.stdout, re.MULTILINE)
    advice = done.stdout.strip().splitlines()[-2:]
    assert [re.match(r"AUDIO_CONTEXT=\w+ +# |WHISPER_THREADS=\d+ +# ", line) is not None for line in advice] == [
        True
    ] * 2
