"""What the routes share."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

from api_server.deps import Recordings
from tests.clips import clip


async def test_nobody_at_once_waits_for_batch_audio() -> None:
    """Every thread that reads batch uploads may be busy with hours of audio."""
    free = threading.Event()
    with ThreadPoolExecutor(1) as interactive, ThreadPoolExecutor(1) as batch:
        busy = batch.submit(free.wait)
        try:
            recordings = Recordings(interactive=interactive, batch=batch, max_seconds=60)
            audio = await recordings.read(io.BytesIO(clip("tid").path.read_bytes()), "interactive")
            assert audio.duration > 0
            assert not busy.done()
        finally:
            free.set()
