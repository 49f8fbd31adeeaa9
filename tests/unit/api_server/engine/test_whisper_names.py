"""Which names of models are looked for where."""

import shutil
from pathlib import Path

import pytest

from api_server import app
from api_server.engine import whisper
from api_server.engine.base import LoadOptions
from api_server.metrics import Metrics
from api_server.settings import Settings
from shared.errors import ModelNotFound

BUNDLED = Path(whisper.__file__).parents[1] / "assets" / "nano-sv"


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Path:
        raise ModelNotFound(f"The hub has no model {name!r}.")

    monkeypatch.setattr(whisper, "_from_hub", missing)


def test_a_relative_folder_is_not_looked_for_where_folders_are_not_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks like a hub's id; over HTTP the answer would tell what there is on the server."""
    monkeypatch.chdir(tmp_path)
    for name in ("data/model", "data/empty"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "model" / "model.bin").touch()
    for name in ("data/model", "data/empty", "data/nothing"):
        with pytest.raises(ModelNotFound, match="The hub has no"):
            whisper.load(name, LoadOptions(), folders=False)
    with pytest.raises(ModelNotFound, match="holds no"):
        whisper.load("data/empty", LoadOptions())


def test_a_broken_retry_model_is_called_by_its_name(tmp_path: Path) -> None:
    """Its place on the server is nobody's business."""
    folder = tmp_path / "stor"
    shutil.copytree(BUNDLED, folder)
    (folder / "model.bin").write_bytes(b"none")
    settings = Settings(_env_file=None, data_dir=tmp_path, whisper_retry_model=str(folder))
    with pytest.raises(ModelNotFound, match="'stor' is not a CTranslate2") as refused:
        app._load_beside(settings, Metrics())("stor")
    assert str(tmp_path) not in refused.value.message


@pytest.mark.parametrize("name", ["bundled", "bundled-pico"])
@pytest.mark.parametrize("folders", [True, False])
def test_a_bundled_model_is_there_for_everyone_and_says_what_it_is(name: str, folders: bool) -> None:  # noqa: FBT001
    """Whoever serves, and whoever asks over HTTP; under its own name."""
    info = whisper.load(name, LoadOptions(), folders=folders).info
    assert (info.name, info.demonstration, "sv" in info.languages) == (name, True, True)
