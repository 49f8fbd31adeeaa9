"""The telephone's codings, against FFmpeg's decoders."""

import av
import numpy as np
import pytest

from api_server.routes.g711 import Law, pcm_s16le


@pytest.mark.parametrize(("law", "codec"), [("mulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
def test_every_code_is_what_ffmpeg_says(law: Law, codec: str) -> None:
    """All 256 of them."""
    codes = bytes(range(256))
    decoder = av.CodecContext.create(codec, "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"  # type: ignore[attr-defined]
    (frame,) = decoder.decode(av.Packet(codes))  # type: ignore[attr-defined]
    assert np.array_equal(np.frombuffer(pcm_s16le(codes, law), dtype="<i2"), frame.to_ndarray().reshape(-1))
