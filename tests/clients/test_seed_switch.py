"""`COMPAT_ROUTES`, and what the seeds' examples are copied from."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api_server.engine.fake import FakeTranscriber
from tests.clients import seeds

_SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
_ADDED = {
    "api_server": {"/transcribe/", "/ws", "/demo", "/api/status", "/api/load-model"},
    "batch_worker": {
        "/transcribe/", "/task/{task_id}", "/queue/status", "/ws/{task_id}",
        "/transcribe", "/status/{job_id:path}",
        "/transcribe/async", "/jobs", "/queue/stats",
    },
}  # fmt: skip
_BOTH = {"/jobs", "/queue/stats"}
"""Native routes with another word or field."""


def routes(service: str, folder: Path, *, on: bool) -> list[str]:
    """Return the path of every route of a service."""
    kind = importlib.import_module(f"{service}.settings").Settings
    settings = kind(_env_file=None, data_dir=folder, compat_routes=on)
    parts: dict[str, Any] = {"transcriber": FakeTranscriber()} if service == "api_server" else {}
    app: FastAPI = importlib.import_module(f"{service}.app").create_app(settings, **parts)
    return paths(app.routes)


def paths(found: list[Any]) -> list[str]:
    """Return the paths of routes, those of included routers too."""
    listed: list[str] = []
    for route in found:
        inner = getattr(route, "original_router", None)
        listed += [route.path] if inner is None else paths(inner.routes)
    return listed


@pytest.mark.parametrize("service", sorted(_ADDED))
def test_the_switch_takes_the_routes_away(service: str, tmp_path: Path) -> None:
    """With `COMPAT_ROUTES=false` exactly the native routes are left."""
    on, off = (routes(service, tmp_path, on=switch) for switch in (True, False))
    assert set(on) - set(off) == _ADDED[service] - _BOTH
    assert all(on.count(path) > off.count(path) for path in _ADDED[service])


@pytest.mark.parametrize("seed", ["001", "002", "003", "004"])
def test_the_examples_are_the_seeds_own(seed: str) -> None:
    """Each block stands in the seed, letter for letter."""
    originals = sorted(_SEEDS.glob(f"{seed}_*.txt"))
    if not originals:
        pytest.skip("no ../shared/seeds beside this checkout")
    text = originals[0].read_text(encoding="utf-8")
    for language in ("bash", "json", "python", "javascript"):
        for example in seeds.examples(seed, language):
            assert example in text
