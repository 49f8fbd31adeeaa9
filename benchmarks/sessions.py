"""Many short streams, one after the other: what a server keeps of them.

    python -m benchmarks.sessions --pid PID --url ws://127.0.0.1:8123/ws/transcribe --count 1000 CLIP

Each says one sentence as fast as the server takes it, every second one as webm's kin, ogg, and waits for `done`.
"""

import argparse
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import psutil
from websockets.sync.client import connect

from shared.audio import SAMPLE_RATE, Samples, decode

FEW = 50
TOGETHER = 8
MEGABYTE = 1_000_000


def as_pcm(audio: Samples) -> bytes:
    """Return what a client without a container sends."""
    return bytes((audio * 32_767).astype("<i2").tobytes())


def as_ogg(audio: Samples) -> bytes:
    """Return what a browser's recorder sends, opus in a container."""
    sink = io.BytesIO()
    frame = av.AudioFrame.from_ndarray(audio.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    with av.open(sink, "w", format="ogg") as output:
        stream = output.add_stream("libopus", rate=48_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return sink.getvalue()


def session(url: str, encoding: str, raw: bytes) -> int:
    """Hold one stream; returns how many finals came."""
    with connect(url, ping_interval=None, close_timeout=60) as client:
        client.send(json.dumps({"type": "start", "encoding": encoding}))
        for at in range(0, len(raw), 3_200):
            client.send(raw[at : at + 3_200])
        client.send('{"type": "stop"}')
        return sum(json.loads(message)["type"] == "final" for message in client)


def memory(pid: int) -> float:
    """Return what a process has in memory, MB."""
    return round(psutil.Process(pid).memory_info().rss / MEGABYTE, 1)


def growth(pid: int, url: str, audio: Samples, *, count: int) -> dict[str, float]:
    """Return the memory after 50 streams and after `count` of them."""
    kinds = (("pcm_s16le", as_pcm(audio)), ("ogg", as_ogg(audio)))
    done, lock, marks = 0, threading.Lock(), {0: memory(pid)}

    def one(number: int) -> None:
        nonlocal done
        assert session(url, *kinds[number % 2]) == 1
        with lock:
            done += 1
            if done == FEW or done % (count // 10) == 0:
                marks[done] = memory(pid)

    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(one, range(count)))
    return {f"rss_{number}_mb": size for number, size in marks.items()} | {
        "ratio": round(marks[max(marks)] / marks[FEW], 4)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--url", default="ws://127.0.0.1:8123/ws/transcribe")
    parser.add_argument("--count", type=int, default=1000)
    chosen = parser.parse_args()
    audio = decode(chosen.clip, max_seconds=30).samples
    print(json.dumps(growth(chosen.pid, chosen.url, audio, count=chosen.count)))


if __name__ == "__main__":
    main()
