"""What tests of every kind share. The services are started once for the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import clips as recordings
from tests import processes
from tests.clips import Clip
from tests.processes import Service

_SHARED_AUDIO = Path(__file__).parents[2] / "shared" / "audio"


@pytest.fixture(scope="session")
def clips() -> tuple[Clip, ...]:
    """Every clip in `tests/data`."""
    return recordings.load()


@pytest.fixture(scope="session")
def speech(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The clips in which somebody speaks."""
    return tuple(clip for clip in clips if clip.text)


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of further recordings beside the checkout; skips the test where there is none."""
    if not _SHARED_AUDIO.is_dir():
        pytest.skip("no ../shared/audio beside this checkout")
    return _SHARED_AUDIO


@pytest.fixture
def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on."""
    return processes.free_port()


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A real api_server with the bundled model, shared by the whole run: leave it as it was found."""
    with processes.running("api_server", tmp_path_factory.mktemp("api_server")) as service:
        yield service


@pytest.fixture(scope="session")
def api_server_url(api_server: Service) -> str:
    """Where the shared api_server answers."""
    return api_server.url


@pytest.fixture(scope="session")
def batch_worker(tmp_path_factory: pytest.TempPathFactory, api_server_url: str) -> Iterator[Service]:
    """A real batch_worker that transcribes through the shared api_server, shared by the whole run."""
    folder = tmp_path_factory.mktemp("batch_worker")
    with processes.running("batch_worker", folder, WHISPER_API_URL=api_server_url) as service:
        yield service


@pytest.fixture(scope="session")
def batch_worker_url(batch_worker: Service) -> str:
    """Where the shared batch_worker answers."""
    return batch_worker.url
