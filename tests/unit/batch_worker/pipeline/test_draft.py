"""Drafts cross a process border as JSON, and say nothing of what was said when that fails."""

import json
import traceback

import pytest

from batch_worker.pipeline.draft import Draft, PiiSpan, from_json, to_json
from shared.errors import Internal
from tests.unit.shared.values import segment, transcript

SPAN = PiiSpan(
    type="PERSON", start=0, end=7, segment=0, text="hemligt", score=1.0, start_time=0.0, end_time=1.0
)  # fmt: skip
DRAFT = Draft(transcript=transcript(segment(text="hemligt")), pii=(SPAN,), languages={"sv": 1.0})


def test_a_draft_comes_back_equal() -> None:
    """With all that is in it."""
    assert from_json(to_json(DRAFT)) == DRAFT


@pytest.mark.parametrize("field", ["start", "language"])
def test_a_draft_that_cannot_be_read_is_not_quoted(field: str) -> None:
    """Another version wrote it, say; the error goes to the log, which holds no transcript text."""
    document = json.loads(to_json(DRAFT))
    document["transcript"]["segments"][0][field] = ["hemligt"]
    document["pii"][0]["score"] = "hemligt"
    with pytest.raises(Internal, match=rf"segments\.0\.{field}") as caught:
        from_json(json.dumps(document))
    assert "hemligt" not in "".join(traceback.format_exception(caught.value))
