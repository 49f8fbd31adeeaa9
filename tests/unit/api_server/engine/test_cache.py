"""Models beside the resident one."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from api_server.engine.cache import ModelCache
from api_server.engine.fake import FakeTranscriber
from shared.errors import Conflict, ModelLoading, ModelNotFound
from tests.unit.api_server.engine.patience import until


class Shelf:
    """Where models are loaded from; loads wait where they are told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.made: list[FakeTranscriber] = []
        self.most_at_once = 0
        self.held: dict[str, threading.Event] = {}
        self.began = threading.Semaphore(0)
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, name: str) -> FakeTranscriber:
        with self._lock:
            self.asked.append(name)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        self.began.release()
        if name in self.held:
            self.held[name].wait(30)
        with self._lock:
            self._now -= 1
        if name.startswith("no-"):
            raise ModelNotFound(f"There is no {name}.")
        transcriber = FakeTranscriber(name)
        self.made.append(transcriber)
        return transcriber

    def hold(self, name: str) -> Callable[[], None]:
        """Make loads of `name` wait; returns what lets them go."""
        self.held[name] = threading.Event()
        return self.held[name].set


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001  # no two uses at the same moment
        return self.now


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A shelf whose loads all end with the test."""
    shelf = Shelf()
    yield shelf
    for event in shelf.held.values():
        event.set()


def cache_of(shelf: Shelf, *, size: int = 2, load_seconds: float = 30, clock: Clock | None = None) -> ModelCache:
    """Return a cache that unloads after a minute."""
    return ModelCache(shelf, size=size, idle_seconds=60, load_seconds=load_seconds, clock=clock or Clock())


async def test_a_model_is_loaded_once_and_kept(shelf: Shelf):
    """The second use finds it there."""
    cache = cache_of(shelf)
    async with cache.use("small") as first:
        pass
    async with cache.use("small") as second:
        assert second is first
    assert shelf.asked == ["small"]
    assert cache.names == ("small",)
    assert cache.info("small") is shelf.made[0].info


async def test_many_who_ask_at_once_share_one_load(shelf: Shelf):
    """Nobody loads it a second time."""
    cache, let = cache_of(shelf), shelf.hold("small")
    asking = [asyncio.create_task(cache.load("small")) for _one in range(5)]
    await asyncio.to_thread(shelf.began.acquire)
    let()
    assert len(set(map(id, await asyncio.gather(*asking)))) == 1
    assert shelf.asked == ["small"]


async def test_models_are_loaded_one_after_another(shelf: Shelf):
    """Two at once would take the memory of two that are on their way."""
    cache, let = cache_of(shelf, size=4), shelf.hold("a")
    asking = [asyncio.create_task(cache.load(name)) for name in "abc"]
    await asyncio.to_thread(shelf.began.acquire)
    let()
    await asyncio.gather(*asking)
    assert shelf.most_at_once == 1


async def test_the_least_recently_used_goes_first(shelf: Shelf):
    """Its memory is given back before the next one is loaded."""
    cache = cache_of(shelf)
    for name in ("a", "b", "a", "c"):
        await cache.load(name)
    assert cache.names == ("a", "c")
    assert [model.closed for model in shelf.made] == [False, True, False]


async def test_two_who_want_the_only_place_do_not_chase_each_other_out(shelf: Shelf):
    """What was loaded for somebody is not unloaded before he has it: one is served, the other is told to come back."""
    cache = cache_of(shelf, size=1)
    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(*(cache.load(name) for name in "ab"), return_exceptions=True)
    assert [type(one) for one in outcomes] == [FakeTranscriber, ModelLoading]
    assert shelf.asked == ["a"]


async def test_a_model_in_use_is_never_unloaded(shelf: Shelf):
    """Not for another, not when idle for long, not when asked to."""
    clock = Clock()
    cache = cache_of(shelf, size=1, clock=clock)
    async with cache.use("a"):
        with pytest.raises(ModelLoading, match="MODEL_CACHE_SIZE"):
            await cache.load("b")
        with pytest.raises(Conflict):
            cache.unload("a")
        clock.now += 1000
        assert cache.unload_idle() == ()
    await cache.load("b")
    assert cache.names == ("b",)
    assert shelf.made[0].closed


async def test_a_model_is_in_use_until_the_last_user_is_done(shelf: Shelf):
    """Two users, one of whom fails."""
    cache = cache_of(shelf)
    async with cache.use("a"):
        with pytest.raises(RuntimeError):
            async with cache.use("a"):
                raise RuntimeError
        with pytest.raises(Conflict):
            cache.unload("a")
    cache.unload("a")
    assert shelf.made[0].closed


async def test_unloading_what_is_not_loaded_is_told(shelf: Shelf):
    """By name."""
    with pytest.raises(ModelNotFound, match="'small'"):
        cache_of(shelf).unload("small")


async def test_idle_models_are_unloaded(shelf: Shelf):
    """Each by its own last use."""
    clock = Clock()
    cache = cache_of(shelf, clock=clock)
    await cache.load("a")
    clock.now += 40
    await cache.load("b")
    clock.now += 30
    assert cache.unload_idle() == ("a",)
    assert cache.names == ("b",)
    clock.now += 31
    assert cache.unload_idle() == ("b",)
    assert all(model.closed for model in shelf.made)


async def test_a_failed_load_is_told_to_all_who_waited_and_may_be_tried_again(shelf: Shelf):
    """It leaves no place taken."""
    cache, let = cache_of(shelf, size=1), shelf.hold("no-such")
    asking = [asyncio.create_task(cache.load("no-such")) for _one in range(2)]
    await asyncio.to_thread(shelf.began.acquire)
    let()
    failures = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(failure) for failure in failures] == [ModelNotFound] * 2
    with pytest.raises(ModelNotFound):
        await cache.load("no-such")
    await cache.load("small")
    assert cache.names == ("small",)


async def test_a_slow_load_is_not_waited_for_for_ever_and_not_begun_again(shelf: Shelf):
    """Whoever comes back later finds what was loaded meanwhile: else a model slower than that could never serve."""
    cache, let = cache_of(shelf, load_seconds=0), shelf.hold("large")
    with pytest.raises(ModelLoading) as refused:
        await cache.load("large")
    assert refused.value.retry_after > 0
    with pytest.raises(ModelLoading):
        await cache.load("large")
    await asyncio.to_thread(shelf.began.acquire)
    let()
    await asyncio.to_thread(until, lambda: cache.names != ())
    await cache.load("large")
    assert shelf.asked == ["large"]


async def test_a_caller_that_goes_does_not_take_the_load_with_it(shelf: Shelf):
    """Another one may be waiting, or come."""
    cache, let = cache_of(shelf), shelf.hold("large")
    first, second = (asyncio.create_task(cache.load("large")) for _one in range(2))
    await asyncio.to_thread(shelf.began.acquire)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    let()
    assert (await second) is shelf.made[0]
    assert shelf.asked == ["large"]


async def test_closing_gives_everything_back(shelf: Shelf):
    """And ends whoever still waits for a load."""
    cache, let = cache_of(shelf), shelf.hold("large")
    await cache.load("small")
    waiting = asyncio.create_task(cache.load("large"))
    await asyncio.to_thread(shelf.began.acquire, timeout=30)
    await asyncio.to_thread(shelf.began.acquire, timeout=30)
    cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    let()
    assert shelf.made[0].closed
    assert cache.names == ()
