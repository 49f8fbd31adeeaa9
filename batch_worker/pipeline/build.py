"""Which stages there are, in which order, and how flags become stages."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from batch_worker.pipeline.base import Setup, Stage

ORDER = ("transcribe", "confidence", "retry", "diarization", "language", "text", "pii", "summary")
"""Every stage, in the order in which they run."""
ALWAYS = frozenset({"transcribe", "confidence"})
"""Stages without a feature flag."""
_PACKAGE = "batch_worker.pipeline.stages"


def installed() -> tuple[str, ...]:
    """Return the stages that this tree has, in order; imports none of them."""
    return tuple(name for name in ORDER if find_spec(f"{_PACKAGE}.{name}") is not None)


def features() -> tuple[str, ...]:
    """Return the stages that a job may switch on or off."""
    return tuple(name for name in installed() if name not in ALWAYS)


def chosen(defaults: Mapping[str, bool], wishes: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the stages of one job: what is always on, and features by the job's wish or else the default."""
    wanted = {**defaults, **wishes}
    return tuple(name for name in installed() if name in ALWAYS or wanted.get(name, False))


class Stages:
    """The stages of this process, each built when it is first asked for, then kept."""

    def __init__(self, setup: Setup) -> None:
        """Build nothing yet."""
        self._setup = setup
        self._built: dict[str, Stage] = {}

    def get(self, name: str) -> Stage:
        """Return a stage, importing its module the first time; blocks then, and raises `StartupError`."""
        if name not in self._built:
            self._built[name] = import_module(f"{_PACKAGE}.{name}").build(self._setup)
        return self._built[name]
