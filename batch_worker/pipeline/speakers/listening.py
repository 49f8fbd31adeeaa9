"""pyannote.audio on one recording; only the child imports this, and only this imports torch and pyannote."""

import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from batch_worker.pipeline.speakers.model_place import is_path, on_disk
from batch_worker.pipeline.speakers.turns import Turn
from batch_worker.pipeline.speakers.waveform import waveform
from shared.audio import SAMPLE_RATE, Samples

__all__ = ["SAMPLE_RATE", "NoSuchModel", "bound", "leave_torchaudio_native_code_out", "load", "turns", "waveform"]

_SHARES = {"segmentation": (0.0, 0.2), "embeddings": (0.2, 0.97)}
"""Where in the whole each slow step of the pipeline begins and ends, 0 to 1 (measured, real-size weights)."""
_MOST_WINDOWS = 5_400
"""Windows that are clustered together: pairs of them are compared, so memory grows with the square."""


class NoSuchModel(FileNotFoundError):
    """The path of the model leads nowhere."""


def load(model: str, token: str | None, threads: int) -> Any:  # noqa: ANN401 - pyannote has no types
    """Return the pipeline of a folder or hub id; raises whatever the libraries raise."""
    path = on_disk(model) if is_path(model) else None
    if is_path(model) and path is None:
        raise NoSuchModel
    leave_torchaudio_native_code_out()
    import torch  # noqa: PLC0415 - seconds and hundreds of megabytes
    from pyannote.audio import Pipeline  # noqa: PLC0415

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    pipeline = Pipeline.from_pretrained(model if path is None else str(path), token=token)
    if pipeline is None:
        raise NoSuchModel
    return pipeline


def turns(
    pipeline: Any,  # noqa: ANN401 - pyannote has no types
    samples: Samples,
    *,
    at_least: int | None,
    at_most: int | None,
    progress: Callable[[float], None],
) -> Iterator[Turn]:
    """Yield who speaks when, one voice at a time, in pyannote's order; blocks; raises what the libraries raise."""
    import torch  # noqa: PLC0415

    bound(pipeline, samples.size / SAMPLE_RATE)
    sound = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SAMPLE_RATE}
    given = {"num_speakers": at_least} if at_least == at_most else {"min_speakers": at_least, "max_speakers": at_most}
    found = pipeline(sound, hook=_hook(progress), **given)
    exclusive = getattr(found, "exclusive_speaker_diarization", found)
    for span, _, speaker in exclusive.itertracks(yield_label=True):
        yield Turn(start=float(span.start), end=float(span.end), speaker=str(speaker))


def bound(pipeline: Any, seconds: float) -> None:  # noqa: ANN401
    """Let windows of a long recording overlap less (a quarter at least), so that there are never too many."""
    sliding = getattr(pipeline, "_segmentation", None)
    if sliding is not None:
        sliding.step = min(0.75 * sliding.duration, max(sliding.step, seconds / _MOST_WINDOWS))


def _hook(progress: Callable[[float], None]) -> Callable[..., None]:
    def hook(step: str, *_: object, total: int | None = None, completed: int | None = None, **_more: object) -> None:
        start, end = _SHARES.get(step, (0.97, 1.0))
        if total and completed is not None:
            progress(start + (end - start) * min(1.0, completed / total))

    return hook


def leave_torchaudio_native_code_out() -> None:
    """Let torchaudio run on its Python parts, which are all that pyannote uses.

    Its wheel holds libraries that want CUDA's; on a torch without CUDA their loading ends every import of it with
    an `OSError`. Without them (its own case for zipped installations) it only has no native extension.
    """
    torchaudio = find_spec("torchaudio")
    places = torchaudio.submodule_search_locations if torchaudio is not None else None
    for place in places or ():
        name, file = "torchaudio._extension.utils", Path(place) / "_extension" / "utils.py"
        spec = spec_from_file_location(name, file) if file.is_file() else None
        if spec is not None:
            _preload(name, spec)


def _preload(name: str, spec: ModuleSpec) -> None:
    module = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(module)
        module._load_lib = lambda _lib: False  # type: ignore[attr-defined] # noqa: SLF001
        sys.modules[name] = module
