import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DOCKERFILES = {"api": ROOT / "Dockerfile.api", "batch": ROOT / "Dockerfile.batch"}
PACKAGES = {"api": "api_server", "batch": "batch_worker"}
COMPOSE = ROOT / "docker-compose.yml"
NOT_OURS = {"PATH", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "HF_HOME"}
"""Read by Python, the C library and the model hub's client."""

both = pytest.mark.parametrize("service", ["api", "batch"])


def compose() -> dict[str, Any]:
    """Return the compose file as data."""
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return document


def dockerfile(service: str) -> str:
    """Return a Dockerfile with continued lines joined."""
    return DOCKERFILES[service].read_text(encoding="utf-8").replace("\\\n", " ")


def environment(service: str) -> set[str]:
    """Return the names that a Dockerfile's ENV sets."""
    lines = re.findall(r"^ENV (.*)$", dockerfile(service), re.MULTILINE)
    return {name for line in lines for name in re.findall(r"(\w+)=", line)}


def copied(service: str) -> list[str]:
    """Return the paths of the checkout that a Dockerfile copies."""
    return re.findall(r"^COPY (?!--from)(\S+) ", dockerfile(service), re.MULTILINE)


def documented() -> set[str]:
    """Return the settings in `.env.example`, commented out or not."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def test_the_compose_file_is_valid() -> None:
    """It keeps to the Compose specification's schema."""
    check = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@both
def test_the_dockerfiles_pass_the_linter(service: str) -> None:
    """Hadolint has nothing to say."""
    done = subprocess.run([BIN / "hadolint", DOCKERFILES[service]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@both
def test_every_copied_path_is_in_the_checkout_and_in_the_context(service: str) -> None:
    """No COPY fails, and `.dockerignore` lets each one through."""
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert copied(service)
    for path in copied(service):
        assert (ROOT / path).exists(), path
        assert path.split("/")[0] in allowed, path


@both
def test_an_image_holds_its_own_service_only(service: str) -> None:
    """The other service's package and requirements stay outside."""
    packages = {path for path in copied(service) if not path.startswith("constraints")}
    assert packages == {"shared", PACKAGES[service]}
    assert f"constraints/{service}.txt" in copied(service)


@both
def test_every_setting_in_the_container_files_is_documented(service: str) -> None:
    """A name in ENV or in the compose file is one that `.env.example` explains."""
    if not (ROOT / ".env.example").is_file():
        pytest.skip(".env.example is not written yet")
    names = environment(service) | set(compose()["services"][service]["environment"])
    assert names - NOT_OURS <= documented()


@both
def test_an_image_runs_as_nobody_in_particular_and_is_watched(service: str) -> None:
    """A numeric user that is not root, a health check, one start command."""
    text = dockerfile(service)
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert f'CMD ["python", "-m", "{PACKAGES[service]}"]' in text
    assert text.count("FROM python:3.11-slim") == 2


@both
def test_a_container_is_closed_by_default(service: str) -> None:
    """Read-only root, no capabilities, a memory limit, a restart policy, ports on this machine only."""
    container = compose()["services"][service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["mem_limit"]
    assert container["restart"] == "unless-stopped"
    assert container["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in container["ports"])


def test_the_batch_worker_waits_for_a_healthy_api_server() -> None:
    """It starts when the api_server can transcribe, and calls it by its service name."""
    batch = compose()["services"]["batch"]
    assert batch["depends_on"] == {"api": {"condition": "service_healthy"}}
    assert batch["environment"]["WHISPER_API_URL"] == "http://api:8123"
