"""What the text stages are worth: figures of issue and README, as a table and as JSON.

python -m benchmarks.quality text                     written sentences, round trip, cost, redaction; no model
python -m benchmarks.quality speech MODEL_DIR         ../shared/audio/pii from sound to span
python -m benchmarks.quality confidence ROWS.json     reliability, from `benchmarks.confidence_rows`
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from random import Random

import numpy as np
from num2words import num2words

from batch_worker.pipeline.base import Context, Setup
from batch_worker.pipeline.build import Stages
from batch_worker.pipeline.doubts import trusted
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.itn.cardinal import Reader
from batch_worker.pipeline.itn.lexicon import SWEDISH
from batch_worker.pipeline.itn.segments import rewrite_text
from batch_worker.pipeline.langid.decide import languages
from batch_worker.pipeline.langid.identifiers import identifier
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.pii.analyzer import analyzer
from batch_worker.pipeline.pii.audio import beeped, ranges
from batch_worker.pipeline.pii.finder import Finder
from shared.confidence import confidence
from shared.transcript import Segment, Transcript, Word, join_text
from tests.data.text import marked
from tests.data.text.pii import sentences

DATA = Path(__file__).parents[1] / "tests" / "data" / "text"
AUDIO = Path(__file__).parents[1].parent / "shared" / "audio"
LANGUAGES = ("sv", "en", "no", "da", "fi", "de", "ru")
Row = tuple[str, float | int | str, str]
"""What, figure, bar."""


def rows_of(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def segment(text: str, number: int = 0, *, language: str = "sv", seconds: float = 4.0) -> Segment:
    parts = text.split()
    step = seconds / max(1, len(parts))
    start = number * seconds
    words = tuple(
        Word(start=start + index * step, end=start + (index + 1) * step, word=word, probability=0.9)
        for index, word in enumerate(parts)
    )
    return Segment(
        id=number, start=start, end=start + seconds, text=text, language=language, avg_logprob=-0.1,
        no_speech_prob=0.0, compression_ratio=1.2, temperature=0.0, confidence=0.9, words=words,
    )  # fmt: skip


def itn() -> Iterable[Row]:
    for name, label in {
        "itn": "ITN",
        "itn_second": "ITN, second set,",
        "itn_third": "ITN, third set,",
        "itn_fourth": "ITN, fourth set,",
    }.items():
        right = [(kind, rewrite_text(said, "sv") == written) for kind, said, written in rows_of(f"{name}.tsv")]
        for kind in sorted({kind for kind, _ in right}):
            mine = [good for other, good in right if other == kind]
            yield f"{label} {kind} ({len(mine)})", round(sum(mine) / len(mine), 4), ""
        yield f"{label} all ({len(right)})", round(sum(good for _, good in right) / len(right), 4), ">= 0.98"


def round_trip(step: int = 1) -> Iterable[Row]:
    reader = Reader(SWEDISH)
    wrong = tried = 0
    for number in range(0, 1_000_000, step):
        words = num2words(number, lang="sv").split()
        reading = reader.read(words)
        wrong += reading is None or (reading.value, reading.count) != (number, len(words))
        tried += 1
    yield f"ITN round trip 0-999,999 ({tried} numbers)", round(1 - wrong / tried, 6), "1"


def language() -> Iterable[Row]:
    for name in ("py3langid", "langdetect"):
        ours = identifier(name, LANGUAGES)
        right = [
            (code, next(languages([segment(text, language="")], ours)).language == code)
            for code, text in rows_of("language.tsv")
        ]
        for only in ("sv", *LANGUAGES[1:], ""):
            mine = [good for code, good in right if only in {"", code}]
            bar = ">= 0.98" if only == "sv" else "" if only else ">= 0.96"
            yield f"language {name} {only or 'all'} ({len(mine)})", round(sum(mine) / len(mine), 4), bar


def written_pii() -> Iterable[Row]:
    finder = Finder(shapes=analyzer())
    tables = {f"500 sentences, seed {seed}": sentences(seed=seed) for seed in (20, 21)}
    sets = (marked.third, marked.fourth, marked.fifth, marked.sixth, marked.seventh, marked.eighth)
    tables |= {"second set, 250 sentences": marked.second()}
    tables |= {f"{table.__name__} set, 500 sentences": table() for table in sets}
    for name, table in tables.items():
        right = wrong = missed = 0
        for text, expected in table:
            found = {(hit.type, hit.start, hit.end) for hit in finder.find(text)}
            right += len(found & set(expected))
            wrong += len(found - set(expected))
            missed += len(set(expected) - found)
        yield f"PII {name}: recall", round(right / (right + missed), 4), ">= 0.98"
        yield f"PII {name}: precision", round(right / (right + wrong), 4), ">= 0.95"


def cost() -> Iterable[Row]:
    """A transcript of three hours: 2,700 segments of 4 s, ten words each, a third with numbers or personal data."""
    lines = [said for _, said, _ in rows_of("itn.tsv")] + [text for text, _ in sentences()]
    lines += [text for code, text in rows_of("language.tsv") if code in {"sv", "en"}]
    Random(4).shuffle(lines)
    segments = tuple(segment(text, number) for number, text in enumerate(islice(cycle(lines), 2_700)))
    transcript = Transcript(
        text=join_text(segments), language="sv", language_probability=1.0, duration=10_800.0,
        duration_after_vad=10_800.0,
        model="none", processing_seconds=0.0, queue_seconds=0.0, segments=segments,
    )  # fmt: skip
    stages = Stages(Setup(asr=None))  # type: ignore[arg-type] # these stages ask no ASR server
    context = Context(job_id="cost", recording=None, language=None, options=JobOptions())
    total = 0.0
    for attempt in (1, 2):
        draft = Draft(transcript=transcript)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        total = 0.0
        for name in ("confidence", "language", "text", "pii"):
            stage = stages.get(name)
            began = time.process_time()
            draft = asyncio.run(stage.run(draft, context)).draft
            spent = time.process_time() - began
            total += spent
            if attempt == 2:
                yield f"cost of {name} on 3 h, CPU s", round(spent, 2), ""
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield "cost of all text stages on 3 h, CPU s", round(total, 2), "<= 10"
    yield "peak memory grown by a second run, MiB", round(grown, 1), "flat"


def redaction() -> Iterable[Row]:
    rate, speech = 16_000, np.random.default_rng(1).normal(0, 0.1, 160_000).astype(np.float32)
    spans = [(1.0, 2.0), (4.5, 5.25)]
    out = beeped(speech, spans, rate=rate)
    inside = np.zeros(len(speech), bool)
    for first, last in ranges(spans, rate=rate, length=len(speech)):
        inside[first:last] = True
    yield "redacted audio: samples outside that differ", int((out != speech)[~inside].sum()), "0"
    yield (
        "redacted audio: correlation inside",
        round(abs(float(np.corrcoef(out[inside], speech[inside])[0, 1])), 4),
        "0",
    )


def text() -> Iterable[Row]:
    for part in (itn, round_trip, language, written_pii, cost, redaction):
        yield from part()


def speech(model_dir: str) -> Iterable[Row]:
    """Sound to span: a span is found where a hit of its type holds the same letters and digits as the value said."""
    from faster_whisper import WhisperModel, decode_audio  # noqa: PLC0415 - only here

    model, finder = WhisperModel(model_dir, device="cpu", compute_type="int8", cpu_threads=1), Finder(shapes=analyzer())
    right = wrong = missed = 0
    for path in sorted((AUDIO / "pii").glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        heard = model.transcribe(decode_audio(str(path.with_suffix(".flac"))), language="sv", beam_size=5)[0]
        line = rewrite_text(" ".join(item.text.strip() for item in heard), "sv")
        found = [(hit.type, squeezed(line[hit.start : hit.end])) for hit in finder.find(line)]
        for expected in said["pii"]:
            if (expected["type"], squeezed(expected["value"])) in found:
                found.remove((expected["type"], squeezed(expected["value"])))
                right += 1
            else:
                missed += 1
        wrong += len(found)
    yield f"PII speech to span ({right + missed}): recall, values exact", round(right / (right + missed), 4), ">= 0.95"
    yield "PII speech to span: precision", round(right / max(1, right + wrong), 4), ">= 0.95"


def squeezed(value: str) -> str:
    return "".join(sign for sign in value.casefold() if sign.isalnum())


def reliability(path: str) -> Iterable[Row]:
    """Word errors by confidence bin, and AUROC of confidence for "this segment has no error"."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))
    judged = sorted((weight(row), row["errors"], row["words"]) for row in rows)
    bins = 8
    for index in range(bins):
        part = judged[index * len(judged) // bins : (index + 1) * len(judged) // bins]
        errors = sum(row[1] for row in part) / sum(row[2] for row in part)
        yield f"confidence {part[0][0]:.2f}-{part[-1][0]:.2f} ({len(part)}): word error rate", round(errors, 3), ""
    good = [value for value, errors, _ in judged if errors == 0]
    bad = [value for value, errors, _ in judged if errors > 0]
    above = sum((high > low) + (high == low) / 2 for high in good for low in bad)
    yield f"confidence AUROC ({len(judged)} segments)", round(above / len(good) / len(bad), 4), ""


def weight(row: dict[str, list[float]]) -> float:
    figures = {name: float(row[name]) for name in ("avg_logprob", "no_speech_prob", "compression_ratio")}  # type: ignore[arg-type]
    words = tuple(Word(start=0.0, end=1.0, word="-", probability=value) for value in row["probabilities"])
    return trusted(
        Segment(
            id=0, start=0.0, end=1.0, text="", language="sv", temperature=0.0, words=words,
            confidence=confidence(**figures), **figures,
        )
    )  # fmt: skip


def main(kind: str, *arguments: str) -> None:
    rows = list({"text": text, "speech": speech, "confidence": reliability}[kind](*arguments))
    wide = max(len(what) for what, _, _ in rows)
    for what, figure, bar in rows:
        print(f"{what:<{wide}}  {figure!s:>10}  {bar}")
    print(json.dumps({what: figure for what, figure, _ in rows}, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
