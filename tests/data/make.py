"""Make the clips beside this file, with espeak-ng (Debian package): `.venv/bin/python -m tests.data.make`.

Each clip is a file and a `.json` of what is said in it. The bundled model writes each of them without a fault;
`test_clips.py` holds it to that.
"""

import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from shared.audio import SAMPLE_RATE, Samples, decode

FOLDER = Path(__file__).parent
WORDS_PER_MINUTE = 160
PAUSE_SECONDS = 1.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """What one clip holds."""

    name: str
    """File name, extension included."""
    language: str
    """ISO 639-1; empty where nobody speaks."""
    voice: str
    """espeak-ng's name of the voice."""
    sentences: tuple[str, ...]
    """Spoken with a pause between them."""


SCRIPTS = (
    Script(name="tid.flac", language="sv", voice="sv+m2", sentences=("Jag skulle vilja boka en tid på torsdag.",)),
    Script(
        name="kundtjanst.flac",
        language="sv",
        voice="sv+m3",
        sentences=("Hej och välkommen till kundtjänst, du talar med Anna.",),
    ),
    Script(
        name="namn.flac",
        language="sv",
        voice="sv+f1",
        sentences=("Mitt namn är Karin Lindberg och jag ringer från Uppsala.",),
    ),
    Script(
        name="paus.flac",
        language="sv",
        voice="sv+m2",
        sentences=("Kan du ringa mig i morgon klockan tio?", "Jag bor på Storgatan tolv i Malmö."),
    ),
    Script(
        name="appointment.flac",
        language="en",
        voice="en+f2",
        sentences=("I would like to book an appointment on Friday.",),
    ),
    Script(name="mote.mp3", language="sv", voice="sv+f2", sentences=("Mötet börjar klockan nio den femte maj.",)),
    Script(
        name="ogonblick.webm",
        language="sv",
        voice="sv+steph",
        sentences=("Ett ögonblick så ska jag kontrollera det.",),
    ),
    Script(name="adress.m4a", language="sv", voice="sv+linda", sentences=("Jag bor på Storgatan tolv i Malmö.",)),
    Script(name="tystnad.flac", language="", voice="silence", sentences=()),
    Script(name="brus.flac", language="", voice="white noise, -40 dB", sentences=()),
)

CODECS = {
    "flac": ("flac", SAMPLE_RATE),
    "mp3": ("libmp3lame", SAMPLE_RATE),
    "webm": ("libopus", 48_000),
    "m4a": ("aac", 16_000),
}
CONTAINERS = {"m4a": "ipod"}


def speak(script: Script) -> Samples:
    """Return the clip as 16 kHz mono."""
    if script.voice == "silence":
        return np.zeros(4 * SAMPLE_RATE, np.float32)
    if not script.sentences:
        return np.random.default_rng(7).normal(0, 0.01, 4 * SAMPLE_RATE).astype(np.float32)
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.float32)
    parts = [part for sentence in script.sentences for part in (pause, _say(script.voice, sentence))]
    return np.concatenate(parts[1:])


def _say(voice: str, sentence: str) -> Samples:
    command = ["espeak-ng", "-v", voice, "-s", str(WORDS_PER_MINUTE), "--stdout", sentence]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    return decode(io.BytesIO(wav), max_seconds=60).samples


def encode(samples: Samples, extension: str) -> bytes:
    """Return the samples as a file of that kind."""
    codec, rate = CODECS[extension]
    frame = av.AudioFrame.from_ndarray(np.round(samples * 32767).astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=CONTAINERS.get(extension, extension)) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.codec_context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts = None
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def main() -> None:
    """Write every clip."""
    for script in SCRIPTS:
        path = FOLDER / script.name
        samples = speak(script)
        path.write_bytes(encode(samples, path.suffix[1:]))
        facts = {
            "language": script.language,
            "voice": script.voice,
            "text": " ".join(script.sentences),
            "duration": round(samples.size / SAMPLE_RATE, 3),
        }
        path.with_suffix(".json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
