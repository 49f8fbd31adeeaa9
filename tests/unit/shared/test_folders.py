"""The folder of a service's data."""

import tempfile
from pathlib import Path

import pytest

from shared.errors import StartupError
from shared.folders import data_folder, spooling_to


def test_folders_are_made(tmp_path: Path) -> None:
    """All of them, in one that was not there either."""
    root = data_folder(tmp_path / "data", "tmp", "audio")
    assert sorted(path.name for path in root.iterdir()) == ["audio", "tmp"]
    assert list((root / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_had_stops_the_start(tmp_path: Path) -> None:
    """With the setting's name."""
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="DATA_DIR"):
        data_folder(tmp_path / "file", "tmp")


def test_uploads_wait_where_the_data_is(tmp_path: Path) -> None:
    """And elsewhere again afterwards."""
    before = tempfile.gettempdir()
    with spooling_to(tmp_path), tempfile.NamedTemporaryFile() as file:
        assert Path(file.name).parent == tmp_path
    assert tempfile.gettempdir() == before
