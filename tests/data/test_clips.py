from pathlib import Path

import pytest
from faster_whisper import WhisperModel

from shared.audio import decode
from tests.clips import Clip

BUNDLED = Path(__file__).parents[2] / "api_server" / "assets" / "nano-sv"


@pytest.mark.slow
def test_the_bundled_model_writes_every_clip_without_a_fault(clips: tuple[Clip, ...]) -> None:
    """What other tests expect of the services is what the model itself makes of the clips; nothing out of silence."""
    model = WhisperModel(str(BUNDLED), device="cpu", compute_type="int8", cpu_threads=1)
    written = {}
    for clip in clips:
        samples = decode(clip.path, max_seconds=60).samples
        segments, _ = model.transcribe(samples, language=clip.language or "sv", vad_filter=True)
        written[clip.name] = " ".join(segment.text.strip() for segment in segments)
    assert written == {clip.name: clip.text for clip in clips}
