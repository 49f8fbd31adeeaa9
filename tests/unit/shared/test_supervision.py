"""Tasks that run beside the requests."""

import pytest

from shared import supervision
from shared.supervision import supervised


async def test_a_task_that_fails_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause; one that ends by itself has ended."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(supervision.asyncio, "sleep", pause)
    left = ["works", "fails", "fails"]

    async def run() -> None:
        if left.pop() == "fails":
            raise OSError("no")

    await supervised("a task", run)
    assert (left, pauses) == ([], [1, 1])
