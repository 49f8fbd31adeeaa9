"""How the shapes are looked for; Presidio is imported when it is first needed."""

from collections.abc import Callable, Sequence

from batch_worker.pipeline.pii.hits import Hit
from shared.errors import StartupError

Find = Callable[[str, Sequence[str]], list[Hit]]
"""Takes a text and words that came before it; returns hits, which may overlap."""


def analyzer() -> Find:
    """Return a function that finds the shapes, or raise `StartupError` where Presidio is missing."""
    try:
        from batch_worker.pipeline.pii.presidio import Presidio  # noqa: PLC0415 - only when it is on
    except ImportError as error:
        raise StartupError(
            "FEATURE_PII needs the package presidio-analyzer. Run: pip install presidio-analyzer - "
            "or set FEATURE_PII=false."
        ) from error
    return Presidio()
