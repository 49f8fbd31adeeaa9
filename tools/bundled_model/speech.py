"""Speech from text, with the time of every word: espeak-ng through its C library, and flite for English."""

import ctypes
import ctypes.util
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tools.bundled_model.word_list import words

SAMPLE_RATE: Final = 16_000
"""What Whisper hears, in Hz."""

HELD_OUT_VARIANTS: Final = ("m5", "f3", "klatt4", "Annie", "Michael")
"""espeak-ng voice variants that no training clip may use."""

CLEAR_VARIANTS: Final = words(
    "m1 m2 m3 m4 m6 m7 m8 f1 f2 f4 f5 klatt klatt2 klatt3 adam belinda david linda steph victor Alex ed john "
    "michel paul rob robert sandro travis anika Andrea antonio boris caleb max marcelo edward quincy Lee steph2"
)
"""Variants that sound like a person on a good line."""

ODD_VARIANTS: Final = words(
    "Alicia Andy aunty benjamin Denis Diogo edward2 Gene Gene2 gustave Henrique Hugo iven iven2 iven3 iven4 Jacky "
    "kaukovalta Marco Mario miguel Mike Mr Nguyen pablo pedro steph3 Storm Tweaky zac AnxiousAndy whisperf "
    "grandpa klatt5 klatt6 norbert shelby whisper grandma RicishayMax RicishayMax2 RicishayMax3 robosoft "
    "robosoft3"
)
"""Variants that whisper, croak or hum; a smaller share of the clips."""

ESPEAK_VOICES: Final = {
    "sv": ("sv",),
    "en": ("en", "en-us", "en-us", "gmw/en-GB-scotland", "gmw/en-GB-x-rp"),
    "de": ("de",),
    "ru": ("ru",),
    "no": ("nb",),
    "da": ("da",),
    "fi": ("fi",),
}
"""By Whisper's language code: the espeak-ng voices that speak it."""

FLITE_VOICES: Final = ("kal16", "awb", "rms", "slt")

_WORD_EVENT: Final = 1
_PHONEME_EVENT: Final = 7
_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS: Final = 1
_UTF8: Final = 1
_RATE: Final = 1
_PITCH: Final = 3


@dataclass(frozen=True, kw_only=True)
class Voice:
    """How one sentence is spoken by espeak-ng."""

    name: str
    """Language voice and variant, such as "sv+f2"."""
    rate: int
    """Words a minute."""
    pitch: int
    """0-99, espeak-ng's own scale."""


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """When a word is heard."""

    text: str
    start: float
    """Seconds from the start of the speech."""
    end: float
    """Seconds; the last phoneme has ended, a pause after it not counted."""


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A spoken sentence."""

    samples: NDArray[np.float32]
    """Mono, 16 kHz, in [-1, 1], silence around it cut off."""
    words: Sequence[SpokenWord]
    """In order; empty where the voice gives no times."""


class _Event(ctypes.Structure):
    """`espeak_EVENT` of `speak_lib.h`."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The espeak-ng library, loaded once; not for use by several threads."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            RuntimeError: it is not installed.
        """
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise RuntimeError("libespeak-ng is not installed (Debian: apt-get install espeak-ng)")
        self._library: Any = ctypes.CDLL(path)
        self._rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        self._chunks: list[NDArray[np.int16]] = []
        self._events: list[tuple[int, int, int, int, bytes]] = []
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: Voice) -> Speech:
        """Return the text as speech.

        Raises:
            ValueError: the voice does not exist, or nothing can be heard.
        """
        self._chunks.clear()
        self._events.clear()
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name}")
        self._library.espeak_SetParameter(_RATE, voice.rate, 0)
        self._library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        wave = np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.int16)
        samples, cut = trim((wave / np.float32(32768)).astype(np.float32))
        words = _words(text, self._events, cut / self._rate, samples.size / self._rate)
        return Speech(samples=soxr.resample(samples, self._rate, SAMPLE_RATE), words=words)

    def _receive(self, wave: Any, size: int, events: Any) -> int:  # noqa: ANN401 - pointers of the C library
        if size > 0 and wave:
            self._chunks.append(np.ctypeslib.as_array(wave, (size,)).copy())
        index = 0
        while events[index].type:
            event = events[index]
            self._events.append((event.type, event.text_position, event.length, event.audio_position, event.id))
            index += 1
        return 0


@cache
def espeak() -> Espeak:
    """Return the process's own espeak-ng; its library holds one state per process."""
    return Espeak()


def flite(text: str, voice: str) -> Speech:
    """Return English text as speech by flite, without word times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)
        wave, rate = soundfile.read(path, dtype="float32")
    samples, _ = trim(wave)
    return Speech(samples=soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32), words=())


def trim(samples: NDArray[np.float32], floor: float = 0.005) -> tuple[NDArray[np.float32], int]:
    """Return the samples without the quiet before and after, and how many were cut before.

    Raises:
        ValueError: all of it is quiet.
    """
    loud = np.flatnonzero(np.abs(samples) > floor)
    if loud.size == 0:
        raise ValueError("nothing can be heard")
    return samples[loud[0] : loud[-1] + 1], int(loud[0])


def _words(
    text: str,
    events: Sequence[tuple[int, int, int, int, bytes]],
    offset: float,
    duration: float,
) -> list[SpokenWord]:
    starts = [(event[1], event[3] / 1000 - offset) for event in events if event[0] == _WORD_EVENT]
    pauses = [
        event[3] / 1000 - offset
        for event in events
        if event[0] == _PHONEME_EVENT and (not event[4] or event[4].startswith(b"_"))
    ]
    found = []
    for position, (index, start) in enumerate(starts):
        end = starts[position + 1][1] if position + 1 < len(starts) else duration
        end = next((pause for pause in pauses if start < pause < end), end)
        word = text[index - 1 :].split(maxsplit=1)[0]
        found.append(SpokenWord(text=word, start=max(0.0, start), end=min(duration, end)))
    return found
