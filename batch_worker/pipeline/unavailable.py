"""The place of an optional stage that could work when the job was taken and cannot now."""

from dataclasses import dataclass

from batch_worker.pipeline.base import Context, Outcome
from batch_worker.pipeline.draft import Draft
from shared.errors import StartupError


@dataclass(slots=True)
class Unavailable:
    """Fails when its turn comes, so that the job has all that the other stages make, and a warning with the remedy."""

    name: str
    """The stage's."""
    reason: StartupError
    """Why it cannot be built."""
    optional: bool = True
    cost: float = 0.0

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Raise the reason."""
        del draft, context
        raise self.reason
