"""faster-whisper behind the engine's Protocols; the only file that imports it.

The window loop, the temperature fallback, the timestamps and the loader are the library's own. What is added
sits in the methods that the library calls once per window: `encode` waits for the lane's turn and encodes no
more padding than asked for, `generate_with_fallback` verifies what came of a short window.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2 import StorageView
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from faster_whisper.utils import download_model, get_assets_path
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

from api_server.engine.base import AudioContext, DecodeOptions, LoadOptions, ModelInfo, Samples, Turn
from api_server.engine.windows import WindowText, content_frames, doubtful, short_frames, token_limit
from shared.confidence import confidence
from shared.errors import ModelNotFound
from shared.transcript import Segment, Word

_ASSETS = Path(__file__).parents[1] / "assets"
BUNDLED: Final[Mapping[str, Path]] = {"bundled": _ASSETS / "nano-sv", "bundled-pico": _ASSETS / "pico-sv"}
"""What comes along, by its name: the demonstration model, and a weaker one that shows what a second hearing does."""
_NO_SPEECH = 0.6
_UNSURE = -1.0

Verified = Callable[[str | None], None]
"""Is told of each short window: None when its text was believed, else why it was decoded again."""


class _WindowedModel(WhisperModel):  # type: ignore[misc]  # the library has no types
    """One request's view of the resident model: the same weights, its own turn and its own window state."""

    turn: Turn
    context: AudioContext
    verified: Verified
    _features: Any = None
    _encoded: Any = None
    _full: Any = None
    _listened: bool = False
    """The window that is encoded has been listened to for its language and not been decoded yet."""

    def detect_language(self, audio: Any = None, features: Any = None, **options: Any) -> Any:
        """Listen to exactly what the first window holds, so that decoding it finds it encoded.

        The library listens to one frame more, the one that the window loop leaves off.
        """
        if features is not None and features.shape[-1] > 1:
            features = features[..., :-1]
        result = super().detect_language(audio, features, **options)
        self._listened = True
        return result

    def encode(self, features: Any) -> StorageView:
        """Wait for the turn, then encode one window, shape (mels, 3000)."""
        listened, self._listened = self._listened, False
        if listened and np.array_equal(self._features, features):
            return self._encoded
        self.turn.next_window()
        self._features, self._full = features, None
        frames = features.shape[-1] if self.context == "full" else short_frames(content_frames(features))
        self._encoded = super().encode(np.ascontiguousarray(features[:, :frames]))
        return self._encoded

    def get_prompt(
        self, tokenizer: Tokenizer, previous_tokens: list[int], *rest: Any, hotwords: str | None = None, **options: Any
    ) -> list[int]:
        """Keep half of the decoder's context for the window's own text, as Whisper does.

        The library gives hotwords and previous text a half each, and decoding fails when both fill theirs.
        """
        if hotwords:
            taken = len(tokenizer.encode(" " + hotwords.strip()))
            previous_tokens = previous_tokens[-room:] if (room := max(0, self.max_length // 2 - 1 - taken)) else []
        prompt: list[int] = super().get_prompt(tokenizer, previous_tokens, *rest, hotwords=hotwords, **options)
        return prompt

    def generate_with_fallback(
        self, encoder_output: StorageView, prompt: list[int], tokenizer: Tokenizer, options: Any
    ) -> tuple[Any, float, float, float]:
        """Decode one window; a short one whose text is doubtful is decoded again at full length."""
        content = content_frames(self._features)
        if self.context != "verified" or short_frames(content) >= self._features.shape[-1]:
            result: tuple[Any, float, float, float] = super().generate_with_fallback(
                encoder_output, prompt, tokenizer, options
            )
            return result
        limit = min(token_limit(content), self.max_length - len(prompt))
        once = dataclasses.replace(options, temperatures=options.temperatures[:1], max_new_tokens=limit)
        first = super().generate_with_fallback(encoder_output, prompt, tokenizer, once)
        reason = doubtful(_window_text(first, tokenizer), limit=limit)
        self.verified(reason)
        if reason is None:
            return first  # type: ignore[no-any-return]
        self.turn.next_window()
        self._full = super().encode(self._features)
        again = super().generate_with_fallback(self._full, prompt, tokenizer, options)
        if reason == "avg_logprob" and first[1] > again[1]:
            self._full = None
            return first  # type: ignore[no-any-return]
        return again  # type: ignore[no-any-return]

    def find_alignment(self, tokenizer: Tokenizer, text_tokens: Any, encoder_output: StorageView, *rest: Any) -> Any:
        """Align words on the window that their text came from."""
        return super().find_alignment(tokenizer, text_tokens, self._full or encoder_output, *rest)


def _window_text(result: tuple[Any, float, float, float], tokenizer: Tokenizer) -> WindowText:
    tokens = result[0].sequences_ids[0]
    return WindowText(
        text=tokenizer.decode(tokens), tokens=len(tokens), avg_logprob=result[1], compression_ratio=result[3]
    )


class _Decoding:
    """Implements `engine.base.Decoding` on faster-whisper's lazy segments."""

    def __init__(self, segments: Any, info: Any) -> None:
        self._segments = segments
        self._duration = float(info.duration)
        self.language = str(info.language)
        self.language_probability = round(float(info.language_probability), 4)
        self.duration_after_vad = round(float(info.duration_after_vad), 3)

    def __iter__(self) -> Iterator[Segment]:
        for number, segment in enumerate(self._segments):
            yield self._segment(number, segment)

    def _segment(self, number: int, segment: Any) -> Segment:
        avg_logprob = round(min(0.0, float(segment.avg_logprob)), 4)
        no_speech_prob = round(float(segment.no_speech_prob), 4)
        compression_ratio = round(float(segment.compression_ratio), 3)
        start, end = self._span(segment)
        return Segment(
            id=number,
            start=start,
            end=end,
            text=segment.text.strip(),
            language=self.language,
            avg_logprob=avg_logprob,
            no_speech_prob=no_speech_prob,
            compression_ratio=compression_ratio,
            temperature=float(segment.temperature),
            confidence=confidence(
                avg_logprob=avg_logprob, no_speech_prob=no_speech_prob, compression_ratio=compression_ratio
            ),
            words=None if segment.words is None else tuple(self._word(word) for word in segment.words),
        )

    def _word(self, word: Any) -> Word:
        start, end = self._span(word)
        return Word(
            start=start,
            end=end,
            word=word.word.strip(),
            probability=round(float(word.probability), 4),
        )

    def _span(self, timed: Any) -> tuple[float, float]:
        """Return start and end within the recording, in this order: alignment now and then turns a word around."""
        start = self._within(timed.start)
        return start, max(start, self._within(timed.end))

    def _within(self, seconds: float) -> float:
        return round(min(max(0.0, float(seconds)), self._duration), 3)


class WhisperTranscriber:
    """A faster-whisper model in memory; implements `engine.base.Transcriber`."""

    def __init__(self, model: WhisperModel, info: ModelInfo, verified: Verified = lambda _reason: None) -> None:
        """Serve `model`; `verified` is told how short windows fared."""
        self.info = info
        self._model = model
        self._verified = verified

    def decode(self, samples: Samples, options: DecodeOptions, turn: Turn) -> _Decoding:
        """Begin to decode a recording with faster-whisper's own loop."""
        segments, info = self._view(options, turn).transcribe(
            samples,
            language=options.language,
            task=options.task,
            initial_prompt=options.prompt,
            hotwords=options.hotwords,
            word_timestamps=options.word_timestamps,
            vad_filter=options.vad_filter,
            beam_size=options.beam_size,
            temperature=list(options.temperatures),
        )
        return _Decoding(segments, info)

    def decode_partials(self, batch: Sequence[Samples], options: DecodeOptions, turn: Turn) -> list[str]:
        """Return a greedy text for each recording, all in one batch of short windows, without timestamps."""
        turn.next_window()
        model = self._model
        features = [model.feature_extractor(samples)[:, :-1] for samples in batch]
        frames = short_frames(max(one.shape[-1] for one in features))
        encoded = WhisperModel.encode(model, np.stack([pad_or_trim(one, frames) for one in features]))
        view, languages = self._view(options, turn), self._languages(options, encoded, len(batch))
        tokenizers = {language: self._tokenizer(options, language) for language in languages}
        prompts = {
            language: view.get_prompt(
                tokenizer, self._previous(options, tokenizer), without_timestamps=True, hotwords=options.hotwords
            )
            for language, tokenizer in tokenizers.items()
        }
        tokenizer, longest = tokenizers[languages[0]], max(map(len, prompts.values()))
        results = model.model.generate(
            encoded,
            [prompts[language] for language in languages],
            beam_size=1,
            max_length=min(model.max_length, longest + token_limit(frames)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
        )
        return [_partial_text(result, tokenizer) for result in results]

    def close(self) -> None:
        """Give the weights back; decodes that still run keep the object alive until they end."""
        self._model.model.unload_model()

    def _view(self, options: DecodeOptions, turn: Turn) -> _WindowedModel:
        view: _WindowedModel = copy.copy(self._model)
        view.__class__ = _WindowedModel
        view.turn, view.context, view.verified = turn, options.audio_context, self._verified
        return view

    def _languages(self, options: DecodeOptions, encoded: StorageView, count: int) -> list[str]:
        """Return the language of each window: those that are decoded together are not of one speaker."""
        if options.language is not None or not self.info.multilingual:
            return [options.language or "en"] * count
        return [str(heard[0][0]).strip("<|>") for heard in self._model.model.detect_language(encoded)]

    def _tokenizer(self, options: DecodeOptions, language: str) -> Tokenizer:
        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=options.task, language=language)

    def _previous(self, options: DecodeOptions, tokenizer: Tokenizer) -> list[int]:
        return list(tokenizer.encode(" " + options.prompt.strip())) if options.prompt else []


def _partial_text(result: Any, tokenizer: Tokenizer) -> str:
    if result.no_speech_prob > _NO_SPEECH and result.scores[0] < _UNSURE:
        return ""
    return str(tokenizer.decode(result.sequences_ids[0])).strip()


def load(
    name: str, options: LoadOptions, verified: Verified = lambda _reason: None, *, folders: bool = True
) -> WhisperTranscriber:
    """Bring a model into memory: a bundled one, a folder, a size (`small`) or a hub id (`KBLab/kb-whisper-small`).

    A folder or a model that the hub cache holds is loaded without any network. Without `folders` a name is never
    looked for on the disk, for those who must not learn what is there. Blocks; raises `ModelNotFound` with one
    sentence that says what to do.
    """
    folder = fetch(name) if folders or name in BUNDLED else _checked(_from_hub(name), name)
    if not (folder / "tokenizer.json").is_file():
        raise ModelNotFound(f"The model {name!r} has no tokenizer.json; convert it with --copy_files tokenizer.json.")
    try:
        model = WhisperModel(
            str(folder), device=options.device, compute_type=options.compute_type, cpu_threads=options.threads
        )
    except (RuntimeError, ValueError) as error:
        raise ModelNotFound(
            f"The model {name!r} is not a CTranslate2 Whisper that can be loaded "
            f"on {options.device} as {options.compute_type}: {error}"
        ) from error
    except Exception as error:  # the tokenizer's library raises nothing narrower
        raise ModelNotFound(f"The tokenizer.json of the model {name!r} cannot be read: {error}") from error
    _check_features(model, name)
    info = ModelInfo(
        name=shown(name) if folders else name,
        device=model.model.device,
        compute_type=model.model.compute_type,
        multilingual=model.model.is_multilingual,
        languages=tuple(sorted(filter(partial(_knows, model), model.supported_languages))),
        demonstration=folder in BUNDLED.values(),
    )
    return WhisperTranscriber(model, info, verified)


def _check_features(model: WhisperModel, name: str) -> None:
    """Refuse a model that would fail at its first window: large-v3 hears 128 mels, and says so in one file only."""
    prepared = model.feature_extractor.mel_filters.shape[0]
    if prepared != model.model.n_mels:
        raise ModelNotFound(
            f"The model {name!r} takes {model.model.n_mels} mel bands, and its preprocessor_config.json gives it "
            f"{prepared}; convert it with --copy_files preprocessor_config.json."
        )


def _knows(model: WhisperModel, language: str) -> bool:
    """Tell whether a language has a token: the library names 100 for every model, and most know 99."""
    return not model.model.is_multilingual or model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None


def shown(name: str) -> str:
    """Return what a model is called to clients: a folder by its last part, any other as it is."""
    return name if name in BUNDLED or not Path(name).expanduser().is_dir() else Path(name).expanduser().resolve().name


def fetch(name: str) -> Path:
    """Return the folder of a model, downloaded where it must be; raises `ModelNotFound` as `load` does."""
    if name in BUNDLED:
        return BUNDLED[name]
    path = Path(name).expanduser()
    if path.is_dir():
        return _checked(path, name)
    if path.is_absolute() or name.startswith((".", "~")):
        raise ModelNotFound(f"There is no model folder {name!r}; WHISPER_MODEL must be a folder, a size or a hub id.")
    return _checked(_from_hub(name), name)


def _checked(folder: Path, name: str) -> Path:
    if not (folder / "model.bin").is_file():
        raise ModelNotFound(
            f"{name!r} holds no CTranslate2 model (model.bin); convert it with ct2-transformers-converter."
        )
    return folder


def _from_hub(name: str) -> Path:
    try:
        cached = Path(download_model(name, local_files_only=True))
        if (cached / "model.bin").is_file():
            return cached
    except LocalEntryNotFoundError:
        pass
    except (ValueError, HFValidationError) as error:
        raise ModelNotFound(f"{name!r} is neither a folder, a Whisper size nor a hub id like owner/name.") from error
    try:
        return Path(download_model(name))
    except RepositoryNotFoundError as error:
        raise ModelNotFound(f"The hub has no model {name!r}, or it needs a token in HF_TOKEN.") from error
    except Exception as error:  # what a network can do wrong has no common base: OSError, httpx's, the hub's own
        raise ModelNotFound(
            f"The model {name!r} is not in the local cache and the hub cannot be reached; "
            "connect once, or point WHISPER_MODEL to a folder."
        ) from error


def voice_activity_network() -> Path:
    """Return the file of the Silero network that faster-whisper brings along."""
    return next(Path(get_assets_path()).glob("silero_vad*.onnx"))
