"""The figures of a model: word errors, word times, languages, and words invented for silence."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import ctranslate2
import numpy as np
import soundfile
import soxr
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from tools.bundled_model.augment import Wave, add_noise, noise
from tools.bundled_model.errors_in_words import edits, word_error_rate
from tools.bundled_model.speech import ESPEAK_VOICES, HELD_OUT_VARIANTS, SAMPLE_RATE, Voice, espeak
from tools.bundled_model.text import Writer, normalize

_NOISE_DB: Final = 10.0
_LEAST_SECONDS: Final = 3

Row = tuple[str, float, str]
"""What was measured, the figure, its unit."""


def evaluate(
    folder: Path,
    audio: Path,
    writers: Mapping[str, Writer],
    *,
    quiet_seconds: int = 3600,
    each: int = 20,
) -> list[Row]:
    """Return every row of the table for a CTranslate2 model in `folder` and the clips under `audio`.

    `each` sentences a language are spoken for its identification, twice as many for the word times.
    """
    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    rows: list[Row] = [("size", sum(path.stat().st_size for path in folder.iterdir()) / 1e6, "MB")]
    rows += [(f"WER {name}", wer(model, clips(audio / name)), "%") for name in ("phrases", "pii", "sv", "en", "real")]
    rng = np.random.default_rng(7)
    noisy = ((add_noise(wave, _NOISE_DB, rng), said) for wave, said in clips(audio / "phrases"))
    rows.append(("WER phrases, noise 10 dB", wer(model, noisy), "%"))
    rows += [*short_windows(model, audio / "phrases"), *word_times(model, writers["sv"], 2 * each)]
    rows.append(("language identified", languages(model, writers, each), "%"))
    rows.append(("words invented in silence and noise", invented(model, quiet_seconds), "words"))
    return rows


def clips(folder: Path) -> Iterator[tuple[Wave, Mapping[str, Any]]]:
    """Yield each clip of a folder, 16 kHz mono, with its description."""
    for path in sorted(folder.glob("*.json")):
        wave, rate = soundfile.read(path.with_suffix(".flac"), dtype="float32")
        mono = wave if wave.ndim == 1 else wave.mean(axis=1)
        yield soxr.resample(mono, rate, SAMPLE_RATE).astype(np.float32), json.loads(path.read_text(encoding="utf-8"))


def hear(model: WhisperModel, wave: Wave, **options: Any) -> str:  # noqa: ANN401 - faster-whisper's options
    """Return the text that faster-whisper's defaults give."""
    segments, _ = model.transcribe(wave, **options)
    return " ".join(segment.text for segment in segments)


def wer(model: WhisperModel, said: Any) -> float:  # noqa: ANN401 - an iterable of clips
    """Return the word error rate over clips, their language given."""
    return word_error_rate(
        (clip["text"], hear(model, wave, language=clip["language"], condition_on_previous_text=False))
        for wave, clip in said
    )


def short_windows(model: WhisperModel, folder: Path) -> list[Row]:
    """Return how the text of a window of the clip's own length differs from that of the full 30 s window."""
    full, short = [], []
    for wave, clip in clips(folder):
        features = model.feature_extractor(wave)
        length = features.shape[1] + features.shape[1] % 2
        full.append((clip["text"], _decode(model, pad_or_trim(features, 3000), clip["language"])))
        short.append((clip["text"], _decode(model, pad_or_trim(features, length), clip["language"])))
    differing = sum(normalize(one[1]) != normalize(other[1]) for one, other in zip(full, short, strict=True))
    return [
        ("WER phrases, full window", word_error_rate(full), "%"),
        ("WER phrases, short window", word_error_rate(short), "%"),
        ("short windows that differ from full ones", 100 * differing / max(1, len(full)), "%"),
    ]


def _decode(model: WhisperModel, features: Wave, language: str) -> str:
    tokenizer = Tokenizer(model.hf_tokenizer, multilingual=True, task="transcribe", language=language)
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    batch = ctranslate2.StorageView.from_array(np.ascontiguousarray(features[None], np.float32))
    tokens = model.model.generate(batch, [prompt], beam_size=5)[0].sequences_ids[0]
    return str(tokenizer.decode(tokens))


def word_times(model: WhisperModel, writer: Writer, sentences: int) -> list[Row]:
    """Return the median distance between word starts and ends heard and espeak-ng's own."""
    random = Random(11)
    distances: list[float] = []
    for _ in range(sentences):
        name = f"sv+{random.choice(HELD_OUT_VARIANTS)}"
        spoken = espeak().say(writer.sentence(random), Voice(name=name, rate=160, pitch=50))
        segments, _ = model.transcribe(spoken.samples, language="sv", word_timestamps=True)
        heard = [word for segment in segments for word in segment.words or ()]
        distances += _distances(spoken.words, heard)
    return [("word times, median error", 1000 * median(distances) if distances else float("nan"), "ms")]


def _distances(spoken: Any, heard: Any) -> list[float]:  # noqa: ANN401 - two kinds of word
    said = [normalize(word.text) for word in spoken]
    got = [normalize(word.word) for word in heard]
    if edits(said, got):
        return []
    return [
        abs(edge)
        for one, other in zip(spoken, heard, strict=True)
        for edge in (one.start - other.start, one.end - other.end)
    ]


def languages(model: WhisperModel, writers: Mapping[str, Writer], clips_each: int) -> float:
    """Return in how many of a hundred clips of 3 s and more, by held-out voices, the language is right."""
    random = Random(13)
    right = total = 0
    for language, writer in writers.items():
        for _ in range(clips_each):
            name = f"{random.choice(ESPEAK_VOICES[language])}+{random.choice(HELD_OUT_VARIANTS)}"
            wave = _at_least(writer, random, Voice(name=name, rate=random.randint(130, 190), pitch=50))
            found, _, _ = model.detect_language(wave)
            right += found == language
            total += 1
    return 100 * right / total


def _at_least(writer: Writer, random: Random, voice: Voice) -> Wave:
    wave: Wave = np.zeros(0, np.float32)
    while wave.size < _LEAST_SECONDS * SAMPLE_RATE:
        pause = np.zeros(SAMPLE_RATE // 4, np.float32)
        wave = np.concatenate([wave, espeak().say(writer.sentence(random), voice).samples, pause])
    return wave


def invented(model: WhisperModel, seconds: int) -> float:
    """Return how many words are written for so much silence and noise, in windows of a minute."""
    rng = np.random.default_rng(17)
    words = 0
    for minute in range(max(1, seconds // 60)):
        size = min(seconds, 60) * SAMPLE_RATE
        level = 0.0 if minute % 6 == 0 else 10 ** rng.uniform(-5, -1)
        wave = (noise(size, rng) * level).astype(np.float32)
        words += len(normalize(hear(model, wave)).split())
    return float(words)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | figure |", "|---|---|", *(f"| {name} | {value:.1f} {unit} |" for name, value, unit in rows)]
    return "\n".join(lines)
