"""Packages of npm's for the clients that are Node's, and Node itself."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSIONS: dict[str, str] = {}
"""What was used, by package."""
_PATIENCE = 120.0
"""Seconds for an installation, or for a program; far more than either takes."""


def provide(folder: Path, *packages: str) -> None:
    """Let programs in `folder` import `NAME@VERSION`: from `SVENSKA_NODE_MODULES`, else from npm; else skip."""
    names = [package.rpartition("@")[0] for package in packages]
    known = Path(os.environ.get("SVENSKA_NODE_MODULES", ""), "node_modules")
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if all((known / name).is_dir() for name in names):
        (folder / "node_modules").symlink_to(known.absolute())
    elif shutil.which("npm") is None or not _installed(folder, packages):
        pytest.skip(f"SVENSKA_NODE_MODULES names no folder with {', '.join(names)}, and npm could not install them")
    for name in names:
        facts = (folder / "node_modules" / name / "package.json").read_text(encoding="utf-8")
        VERSIONS[name] = json.loads(facts)["version"]


def run(program: str, folder: Path, *arguments: str) -> list[str]:
    """Return the lines that a program, an ES module, prints in `folder`."""
    (folder / "program.mjs").write_text(program, encoding="utf-8")
    done = subprocess.run(
        ["node", "program.mjs", *arguments], cwd=folder, timeout=_PATIENCE, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.splitlines()


def _installed(folder: Path, packages: tuple[str, ...]) -> bool:
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--fetch-retries=0", *packages]
    return subprocess.run(command, cwd=folder, timeout=_PATIENCE, check=False, capture_output=True).returncode == 0
