"""`python -m api_server.calibrate FILES…`: tries the windows and the threads, prints the settings to use.

The model and everything else come from the environment, as for the service itself.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from api_server.calibrate.comparison import Advice, Trial, agreement, choose_context, choose_threads
from api_server.calibrate.trials import Bench, Load, utterances
from api_server.engine import whisper
from api_server.engine.base import AudioContext, LoadOptions, Samples, Transcriber
from api_server.settings import Settings
from shared.audio import decode
from shared.environment import load
from shared.errors import InvalidParameter, StartupError, SvenskaError

_CONTEXTS: tuple[AudioContext, ...] = get_args(AudioContext)
_MOST_SECONDS = 1_800
_THREAD_PIECES = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 once the settings are printed; 2, with one sentence, where that cannot be."""
    try:
        chosen = _parsed(arguments)
        settings = load(Settings)
        load_model = _loader(settings.whisper_model)
        advice = calibrate(
            load_model,
            [_recording(path) for path in chosen.files],
            settings.load_options(),
            language=settings.language(),
            most=chosen.pieces,
            say=_say,
        )
    except SvenskaError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - for the person who ran it
        return 2
    except KeyboardInterrupt:
        return 130
    _say("")
    for one in advice:
        _say(f"{one.setting:24} # {one.reason}")
    return 0


def calibrate(
    load_model: Load,
    recordings: Sequence[Samples],
    options: LoadOptions,
    *,
    language: str | None,
    most: int,
    say: Callable[[str], None],
    cores: int | None = None,
) -> list[Advice]:
    """Return what to set, telling `say` each trial; raises `InvalidParameter` where nobody speaks."""
    speech = utterances(recordings, most=most)
    if not speech:
        raise InvalidParameter("FILES", expected="recordings of speech, half a second or longer", got="silence")
    bench = Bench(load_model, speech, options, language=language)
    say(f"{len(speech)} pieces of speech, {sum(piece.size for piece in speech) / 16_000:.0f} seconds")
    contexts: dict[AudioContext, Trial] = {}
    for context in _CONTEXTS:
        contexts[context] = bench.context(context)
        say(_row(f"AUDIO_CONTEXT={context}", contexts[context], contexts["full"]))
    advice = [choose_context(contexts)]
    if options.device != "cuda":
        threads: dict[int, Trial] = {}
        for count in counts(cores or os.cpu_count() or 1):
            threads[count] = bench.threads(count, pieces=_THREAD_PIECES)
            say(_row(f"WHISPER_THREADS={count}", threads[count], None))
        advice.append(choose_threads(threads))
    return advice


def counts(cores: int) -> list[int]:
    """Return which numbers of threads to try: powers of two, and all cores."""
    return sorted({2**power for power in range(cores.bit_length()) if 2**power <= cores} | {cores})


def _row(name: str, trial: Trial, reference: Trial | None) -> str:
    row = f"{name:24} {trial.median:7.3f} s a piece, slowest {max(trial.seconds):7.3f} s"
    if reference is None:
        return row
    row += f", {agreement(reference.texts, trial.texts):6.1%} of the words of full windows"
    return row + (f", {trial.doubted} decoded again" if trial.doubted else "")


def _loader(name: str) -> Load:
    def load_model(options: LoadOptions, verified: Callable[[str | None], None], /) -> Transcriber:
        return whisper.load(name, options, verified)

    return load_model


def _recording(path: Path) -> Samples:
    try:
        return decode(path, max_seconds=_MOST_SECONDS).samples
    except OSError as error:
        raise StartupError(f"{path}: the file cannot be read ({error.strerror}).") from None
    except SvenskaError as error:
        raise StartupError(f"{path}: {error.message}") from None


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m api_server.calibrate", description=__doc__)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILES", help="recordings like those to come, any format"
    )
    parser.add_argument("--pieces", type=_positive, default=40, help="pieces of about 8 s to try (default: 40)")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - for the person who ran it


if __name__ == "__main__":
    sys.exit(main())
