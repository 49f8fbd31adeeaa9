"""What is made of a job's form before it is taken."""

import pytest

from batch_worker.routes import jobs


@pytest.mark.parametrize(
    ("options", "stages", "timed"),
    [
        (None, ("transcribe", "diarization"), True),
        ('{"word_timestamps": false}', ("transcribe", "diarization"), True),
        (None, ("transcribe", "pii"), False),
        ('{"word_timestamps": true}', ("transcribe",), True),
    ],
)
def test_speakers_need_word_times(options: str | None, stages: tuple[str, ...], timed: bool) -> None:  # noqa: FBT001
    """A word belongs to whoever speaks while it lasts."""
    assert jobs._options(jobs.JobForm(options=options), stages).word_timestamps is timed
