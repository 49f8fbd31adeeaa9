"""What is written about the system is what the system is."""

import importlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from shared import __version__, events
from shared.environment import CommonSettings

ROOT = Path(__file__).parents[2]
SERVICES = ("api_server", "batch_worker")
API_DOC = ROOT / "docs" / "api.md"
FOR_MACHINES = re.compile(r"/(openapi\.json|docs|docs/oauth2-redirect|redoc|static)$")
"""Routes that FastAPI brings along."""

# Spelled in parts, since this file is searched too.
_REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.debian" + ".org")
_MACHINE_PATHS = re.compile(r"(?<![\w.*/$}-])/" + r"(work|root|home/[a-z]\w*|Users)/")
_BINARY = {".bin", ".flac", ".mp3", ".webm", ".m4a", ".ogg", ".wav", ".png", ".jpg", ".svg", ".ico", ".woff2", ".gz"}


both = pytest.mark.parametrize("service", SERVICES)


def settings_of(service: str) -> dict[str, object]:
    """Return a service's settings by environment name, with their defaults."""
    kind: type[CommonSettings] = importlib.import_module(f"{service}.settings").Settings
    return {name.upper(): field.get_default() for name, field in kind.model_fields.items()}


def all_settings() -> set[str]:
    """Return the names of both services' settings."""
    return {name for service in SERVICES for name in settings_of(service)}


def example() -> dict[str, str]:
    """Return the settings in `.env.example`, commented out or not, as written."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def documents() -> str:
    """Return README and docs as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))])


def tracked() -> Iterator[Path]:
    """Yield the text files that belong to the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and path.suffix not in _BINARY:
            yield path


@both
def test_every_setting_is_in_the_example_file(service: str) -> None:
    """`.env.example` leaves none out."""
    assert sorted(set(settings_of(service)) - set(example())) == []


def test_the_example_file_invents_no_setting() -> None:
    """A name in `.env.example` is read by a service."""
    assert sorted(set(example()) - all_settings()) == []


@both
def test_every_setting_is_explained_in_the_documents(service: str) -> None:
    """README or docs name it."""
    text = documents()
    assert sorted(name for name in settings_of(service) if not re.search(rf"\b{name}\b", text)) == []


@both
def test_the_example_file_is_a_valid_configuration(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied to `.env` as it stands, comments removed too, it starts the service."""
    for name in all_settings():
        monkeypatch.delenv(name, raising=False)
    lines = (f"{name}={value}" for name, value in example().items())
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    importlib.import_module(f"{service}.settings").Settings()


@both
def test_every_route_is_in_the_api_document(service: str) -> None:
    """`docs/api.md` names the path of each, WebSockets included."""
    settings = importlib.import_module(f"{service}.settings").Settings(_env_file=None)
    app = importlib.import_module(f"{service}.app").create_app(settings)
    text = API_DOC.read_text(encoding="utf-8")
    paths = {getattr(route, "path", "") for route in app.routes} | set(app.openapi()["paths"])
    assert sorted(path for path in paths if path and not FOR_MACHINES.search(path) and path not in text) == []


def test_every_stream_message_is_in_the_api_document() -> None:
    """`docs/api.md` shows each `type` that may cross the WebSocket."""
    text = API_DOC.read_text(encoding="utf-8")
    unions = (get_args(union)[0] for union in (events.ClientMessage, events.ServerEvent))
    types = {kind.model_fields["type"].default for union in unions for kind in get_args(union)}
    assert len(types) > 8
    assert sorted(kind for kind in types if not re.search(rf'"{kind}"|`{kind}`', text)) == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    """What is cloned works anywhere: no package registry's host, no home folder."""
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {host}" for host in _REGISTRIES if host in text]
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in _MACHINE_PATHS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("name", ["api", "batch", "dev"])
def test_requirements_are_pinned_with_hashes_and_hold_no_address(name: str) -> None:
    """Each requirement is one version with hashes, from wherever pip is told to look."""
    text = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    for line in requirements:
        assert re.match(r"[\w.-]+(\[[\w,.-]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line
    assert "://" not in text
    assert "--index" not in text


def test_ci_runs_what_the_readme_says() -> None:
    """`.ci/run` can be executed and calls the README's own commands."""
    script, readme = ROOT / ".ci" / "run", (ROOT / "README.md").read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    for command in ("make check", "make test"):
        assert command in script.read_text(encoding="utf-8")
        assert command in readme


def test_users_are_told_what_changed() -> None:
    """`CHANGELOG.md` has an entry for the version that the code names."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__}" in changelog or f"[{__version__}]" in changelog or "Unreleased" in changelog
