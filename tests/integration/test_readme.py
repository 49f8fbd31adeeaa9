"""The `curl` lines of the README, as they stand there but for the ports, against the running services."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.clips import clip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]

README = processes.ROOT / "README.md"
SPOKEN = clip("adress")
"""An m4a, as the README's recording is one."""
FILE = "möte.m4a"
SECONDS = 120
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def lines() -> list[str]:
    """Return the README's calls of curl."""
    blocks = _BLOCK.findall(README.read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines() if re.search(r"\bcurl\b", line)]


@pytest.mark.parametrize("line", lines())
def test_a_curl_line_of_the_readme_works(line: str, api_server_url: str, batch_worker_url: str, tmp_path: Path):
    """Its answer is what the comment behind it says."""
    shutil.copy(SPOKEN.path, tmp_path / FILE)
    command, _, promise = line.partition("#")
    ours = command.replace("http://127.0.0.1:8123", api_server_url).replace("http://127.0.0.1:8400", batch_worker_url)
    assert ours.count("127.0.0.1") == ours.count(api_server_url) + ours.count(batch_worker_url), "another service"
    _CHECKS[promise.strip()](_answer(ours, tmp_path), batch_worker_url)


def test_the_readme_shows_both_services():
    """A transcript, subtitles and a job: no check waits for a line that is gone."""
    assert sorted(line.partition("#")[2].strip() for line in lines()) == sorted(_CHECKS)


def _answer(command: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}  # no proxy, no ~/.curlrc
    ended = subprocess.run(
        ["sh", "-euc", command], cwd=folder, env=environment, capture_output=True, check=False, timeout=SECONDS
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def _is_transcript(answer: str, _jobs: str) -> None:
    found = json.loads(answer)
    assert found["text"] == SPOKEN.text
    assert all(0 < segment["confidence"] <= 1 for segment in found["segments"])


def _is_subtitles(answer: str, _jobs: str) -> None:
    number, times, text = answer.splitlines()[:3]
    assert number == "1"
    assert re.fullmatch(r"00:00:0\d,\d{3} --> 00:00:0\d,\d{3}", times)
    assert SPOKEN.text.startswith(text)


def _is_job(answer: str, jobs: str) -> None:
    job = json.loads(answer)
    assert job["status"] == "queued"
    result = _completed(f"{jobs}/jobs/{job['job_id']}")["result"]
    words = [word["word"] for segment in result["segments"] for word in segment["words"]]
    assert words == SPOKEN.text.split()


def _completed(url: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job = processes.get_json(url)
        if job["status"] not in {"queued", "running"}:
            assert job["status"] == "completed", job["error"]
            return job
        time.sleep(0.1)
    pytest.fail("the job does not end")


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "JSON with segments and confidence": _is_transcript,
    "subtitles": _is_subtitles,
    "a job": _is_job,
}
"""What a line promises, and how that is checked."""
