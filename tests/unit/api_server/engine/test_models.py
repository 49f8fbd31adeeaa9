"""Which model serves a request, and where."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from api_server.engine.base import Priority
from api_server.engine.cache import ModelCache
from api_server.engine.fake import INFO, FakeTranscriber
from api_server.engine.lanes import Lane
from api_server.engine.models import LaneName, Models
from api_server.engine.recognizer import Recognizer
from shared.errors import Conflict, ModelNotFound


class Costless:
    """Counts nothing."""

    def decoded(self, lane: str, priority: Priority, *, waited: float, worked: float, windows: int) -> None:
        pass


class Shelf:
    """Loads anything but what is missing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str) -> FakeTranscriber:
        self.asked.append(name)
        if name == "missing":
            raise ModelNotFound("There is no such model.")
        return FakeTranscriber(name)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A thread."""
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
def shelf() -> Shelf:
    """Where models come from."""
    return Shelf()


def models_of(pool: ThreadPoolExecutor, shelf: Shelf, *, retry: str | None = None) -> Models:
    """Return the models of a service whose resident one is `fake`."""
    resident, batch = FakeTranscriber("resident"), FakeTranscriber("batch")
    return Models(
        resident=Recognizer(resident, Lane("realtime"), pool, Costless()),
        batch=Recognizer(batch, Lane("batch"), pool, Costless()),
        cache=ModelCache(shelf, size=2, idle_seconds=0),
        retry=retry,
    )


@pytest.mark.parametrize("name", [None, "", INFO.name])
@pytest.mark.parametrize(
    ("lane", "served_in", "priority"),
    [("interactive", "realtime", Priority.INTERACTIVE), ("batch", "batch", Priority.BATCH)],
)
async def test_the_resident_model_serves_each_lane_with_its_own_instance(
    pool: ThreadPoolExecutor, shelf: Shelf, name: str | None, lane: LaneName, served_in: str, priority: Priority
):
    """By name or without, and nothing is loaded for it."""
    models = models_of(pool, shelf)
    async with models.serving(name, lane) as (recognizer, given):
        assert (recognizer.lane.name, given) == (served_in, priority)
        assert recognizer is (models.resident if lane == "interactive" else models.batch)
    assert shelf.asked == []


@pytest.mark.parametrize("lane", ["interactive", "batch"])
async def test_another_model_takes_its_turns_in_the_batch_lane(pool: ThreadPoolExecutor, shelf: Shelf, lane: LaneName):
    """So that no live stream waits for it; and it stays while it is used."""
    models = models_of(pool, shelf)
    await models.load("small")
    async with models.serving("small", lane) as (recognizer, _priority):
        assert recognizer.lane is models.batch.lane
        with pytest.raises(Conflict):
            models.unload("small")
    models.unload("small")


async def test_nothing_is_loaded_because_a_request_named_it(pool: ThreadPoolExecutor, shelf: Shelf):
    """The refusal names what is served."""
    models = models_of(pool, shelf, retry="large")
    with pytest.raises(ModelNotFound) as refused:
        async with models.serving("small", "interactive"):
            pass
    assert refused.value.detail == {"models": ["fake", "large"]}
    assert shelf.asked == []


async def test_the_retry_model_is_loaded_when_it_is_needed(pool: ThreadPoolExecutor, shelf: Shelf):
    """Until then it is listed as not in memory."""
    models = models_of(pool, shelf, retry="large")
    assert models.retry_name == "large"
    assert [(one.name, one.resident, one.info is None) for one in models.all()] == [
        ("fake", True, False),
        ("large", False, True),
    ]
    async with models.serving("large", "batch"):
        pass
    assert shelf.asked == ["large"]
    assert [(one.name, one.info is None) for one in models.all()] == [("fake", False), ("large", False)]
    assert models.unload_idle() == ("large",)


def test_without_a_larger_model_the_resident_one_hears_twice(pool: ThreadPoolExecutor, shelf: Shelf):
    """`WHISPER_RETRY_MODEL` is empty."""
    assert models_of(pool, shelf).retry_name == "fake"


@pytest.mark.parametrize("name", ["/etc", "./model", "../model", "~/model", "\\\\host\\share"])
async def test_folders_are_not_named_over_http(pool: ThreadPoolExecutor, shelf: Shelf, name: str):
    """They would tell what there is on the server."""
    with pytest.raises(ModelNotFound):
        await models_of(pool, shelf).load(name)
    assert shelf.asked == []


async def test_a_retry_model_may_be_a_folder(pool: ThreadPoolExecutor, shelf: Shelf):
    """Whoever set it up knows it already."""
    assert (await models_of(pool, shelf, retry="/models/large").load("/models/large")).info is not None


async def test_loading_says_what_it_loaded(pool: ThreadPoolExecutor, shelf: Shelf):
    """The resident one is there already; a missing one is told."""
    models = models_of(pool, shelf)
    assert (await models.load("fake")).resident
    assert not (await models.load("small")).resident
    with pytest.raises(ModelNotFound):
        await models.load("missing")
    assert [one.name for one in models.all()] == ["fake", "small"]


def test_the_resident_model_is_not_unloaded(pool: ThreadPoolExecutor, shelf: Shelf):
    """It ends with the process."""
    models = models_of(pool, shelf)
    with pytest.raises(Conflict):
        models.unload("fake")
    models.close()
    assert isinstance(models.resident.transcriber, FakeTranscriber)
    assert not models.resident.transcriber.closed
