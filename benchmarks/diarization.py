"""How well and at what cost voices are told apart: a table and JSON.

python -m benchmarks.diarization MODEL [--python PYTHON]     ../shared/audio/dialog, speakers given and not given
python -m benchmarks.diarization MODEL --dialogs FOLDER      others, from `python -m tools.diarization_model.dialogs`
python -m benchmarks.diarization MODEL --hours 3             memory and time of a long recording, made of those

MODEL is a folder or a hub id; PYTHON that of an environment with pyannote.audio. A tiny MODEL is made by
`python -m tools.diarization_model`. Errors are those of NIST's diarization error rate, without a collar, in shares
of the time spoken, on a grid of 10 ms, under the naming of the voices that confuses least.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from batch_worker.pipeline.speakers.process import Listener, ListenerOptions
from batch_worker.pipeline.speakers.split import told_apart
from batch_worker.pipeline.speakers.turns import Turn, tidied
from shared.audio import SAMPLE_RATE, decode
from shared.transcript import Segment

DIALOGS = Path(__file__).parents[1].parent / "shared" / "audio" / "dialog"
FRAMES = 100
"""A second."""
BAR = 0.06
Row = tuple[str, float | int | str, str]
"""What, figure, bar."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Seconds, and what went wrong with them."""

    spoken: float
    missed: float
    invented: float
    confused: float

    def __add__(self, other: "Errors") -> "Errors":
        """Return both together."""
        return Errors(
            spoken=self.spoken + other.spoken,
            missed=self.missed + other.missed,
            invented=self.invented + other.invented,
            confused=self.confused + other.confused,
        )


def grid(turns: Sequence[Turn], names: Sequence[str], seconds: float) -> NDArray[np.bool_]:
    """Return (voices, frames): who speaks when."""
    spoken = np.zeros((len(names), round(seconds * FRAMES)), np.bool_)
    for turn in turns:
        spoken[names.index(turn.speaker), round(turn.start * FRAMES) : round(turn.end * FRAMES)] = True
    return spoken


def errors(truth: Sequence[Turn], found: Sequence[Turn], seconds: float) -> Errors:
    """Compare two accounts of a recording."""
    theirs, ours = ({turn.speaker: None for turn in turns} for turns in (truth, found))
    said, heard = grid(truth, [*theirs], seconds), grid(found, [*ours], seconds)
    expected, given = said.sum(0), heard.sum(0)
    width = max(len(said), len(heard))
    heard = np.pad(heard, ((0, width - len(heard)), (0, 0)))
    right = max(float((said & heard[list(order)]).sum()) for order in permutations(range(width), len(said)))
    return Errors(
        spoken=float(expected.sum() / FRAMES),
        missed=float(np.maximum(expected - given, 0).sum() / FRAMES),
        invented=float(np.maximum(given - expected, 0).sum() / FRAMES),
        confused=float((np.minimum(expected, given).sum() - right) / FRAMES),
    )


def lines_wrong(truth: Sequence[Turn], texts: Sequence[str], turns: Sequence[Turn]) -> tuple[int, int]:
    """Return how many words of the spoken lines got a wrong speaker, and how many there are.

    Every line is a segment with its true times; its words' times are estimated, as for a transcript without words.
    """
    segments = [
        Segment(
            id=number, start=turn.start, end=turn.end, text=text, language="sv", avg_logprob=0.0, no_speech_prob=0.0,
            compression_ratio=1.0, temperature=0.0, confidence=1.0,
        )
        for number, (turn, text) in enumerate(zip(truth, texts, strict=True))
    ]  # fmt: skip
    names = sorted({turn.speaker for turn in truth})
    told = told_apart(segments, turns).segments
    voices = sorted({one.speaker or "" for one in told} | set(names))
    best = 0
    for order in permutations(voices, len(names)):
        naming = dict(zip(names, order, strict=True))
        best = max(best, sum(_words_right(one, truth, naming) for one in told))
    total = sum(len(text.split()) for text in texts)
    return total - best, total


def _words_right(part: Segment, truth: Sequence[Turn], naming: dict[str, str]) -> int:
    middle = (part.start + part.end) / 2
    line = next(turn for turn in reversed(truth) if turn.start <= middle or turn is truth[0])
    return len(part.text.split()) if part.speaker == naming[line.speaker] else 0


Dialog = tuple[Path, list[Turn], list[str], float]
"""Recording, who spoke when, what, seconds."""


def dialogs(folder: Path) -> Iterator[Dialog]:
    for facts in sorted(folder.glob("*.json")):
        said = json.loads(facts.read_text(encoding="utf-8"))
        turns = [Turn(start=one["start"], end=one["end"], speaker=str(one["speaker"])) for one in said["segments"]]
        (recording,) = (one for one in facts.parent.glob(f"{facts.stem}.*") if one != facts)
        yield recording, turns, [one["text"] for one in said["segments"]], said["duration"]


def quality(listener: Listener, folder: Path, *, given: bool) -> Iterable[Row]:
    kind = "speakers given" if given else "speakers unknown"
    total, words, counts = Errors(spoken=0, missed=0, invented=0, confused=0), [0, 0], []
    for recording, truth, texts, seconds in dialogs(folder):
        count = len({turn.speaker for turn in truth}) if given else None
        voices = asyncio.run(listener.listen(recording, at_least=count, at_most=count, progress=_silent))
        turns = tidied(voices.turns, voices.duration)
        found = errors(truth, turns, seconds)
        total += found
        wrong = lines_wrong(truth, texts, turns)
        words = [words[0] + wrong[0], words[1] + wrong[1]]
        counts.append(len({turn.speaker for turn in turns}))
        yield f"{recording.stem}, {kind}: confusion", round(found.confused / found.spoken, 4), ""
    yield f"all, {kind}: confusion", round(total.confused / total.spoken, 4), f"<= {BAR}" if given else ""
    yield f"all, {kind}: missed", round(total.missed / total.spoken, 4), ""
    yield f"all, {kind}: false alarm", round(total.invented / total.spoken, 4), ""
    yield f"all, {kind}: words with a wrong speaker", round(words[0] / max(1, words[1]), 4), ""
    yield f"all, {kind}: voices found (two in each)", " ".join(map(str, counts)), ""


def long_one(listener: Listener, folder: Path, hours: float) -> Iterable[Row]:
    """Listen to the dialogs one after the other, again and again."""
    with tempfile.TemporaryDirectory() as scratch:
        recording = Path(scratch) / "long.wav"
        sounds = [decode(path, max_seconds=600).samples for path, *_ in dialogs(folder)]
        left = round(hours * 3600 * SAMPLE_RATE)
        with wave.open(str(recording), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            while left > 0:
                for sound in sounds:
                    file.writeframes((sound[:left] * 32767).astype("<i2").tobytes())
                    left -= min(left, sound.size)
        began = time.monotonic()
        voices = asyncio.run(listener.listen(recording, at_least=None, at_most=None, progress=_silent))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield f"{hours:g} h: wall seconds", round(time.monotonic() - began), ""
    yield f"{hours:g} h: CPU seconds", round(used.ru_utime + used.ru_stime), ""
    yield f"{hours:g} h: most memory (MiB)", used.ru_maxrss // 1024, ""
    yield f"{hours:g} h: turns", len(voices.turns), ""


def _silent(_fraction: float) -> None:
    pass


def table(rows: Sequence[Row]) -> str:
    width = max(len(what) for what, _, _ in rows)
    return "\n".join(f"{what:<{width}}  {figure!s:>8}  {bar}" for what, figure, bar in rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diarization", description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--python", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--dialogs", type=Path, default=DIALOGS)
    given = parser.parse_args()
    listener = Listener(ListenerOptions(model=given.model, python=given.python, threads=given.threads))
    if given.hours:
        rows = [*long_one(listener, given.dialogs, given.hours)]
    else:
        rows = [row for known in (True, False) for row in quality(listener, given.dialogs, given=known)]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = 2 * sum(dialog[3] for dialog in dialogs(given.dialogs))
        rows.append(("CPU seconds for each second of audio", round((used.ru_utime + used.ru_stime) / seconds, 3), ""))
        rows.append(("most memory of a child (MiB)", used.ru_maxrss // 1024, ""))
    print(table(rows))
    print(json.dumps([{"what": what, "figure": figure, "bar": bar} for what, figure, bar in rows]))


if __name__ == "__main__":
    main()
