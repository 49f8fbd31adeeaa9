"""What is removed now and then, and what is not."""

import os
from pathlib import Path
from types import SimpleNamespace

from batch_worker.jobs.housekeeping import House
from batch_worker.jobs.memory import MemoryBlobs, MemoryStore

HOUR = 3600.0
NOW = 1_000_000_000.0


async def test_what_a_killed_process_left_in_the_temporary_folder_goes(tmp_path: Path) -> None:
    """After two days: no job and no download takes as long."""
    ages = {"old.wav": 49, "retry-old": 49, "new.wav": 47, "retry-new": 1}
    for name, hours in ages.items():
        path = tmp_path / name
        if name.startswith("retry"):
            path.mkdir()
            (path / "0.wav").write_bytes(b"x")
        else:
            path.write_bytes(b"x")
        os.utime(path, (NOW - hours * HOUR, NOW - hours * HOUR))
    house = House(
        store=MemoryStore(), blobs=MemoryBlobs(), dispatcher=SimpleNamespace(), workers=tmp_path, temporary=tmp_path,
        retention_seconds=HOUR, reclaim_seconds=1.0, clock=lambda: NOW,
    )  # type: ignore[arg-type]  # fmt: skip
    await house.tidy()
    assert {path.name for path in tmp_path.iterdir()} == {"new.wav", "retry-new"}
