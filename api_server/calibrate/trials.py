"""Trials of a model: the same pieces of speech, decoded in several ways."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, zip_longest
from typing import Protocol

import numpy as np

from api_server.calibrate.comparison import Trial
from api_server.engine.base import SAMPLE_RATE, AudioContext, DecodeOptions, LoadOptions, Priority, Samples, Transcriber
from api_server.engine.lanes import Lane
from api_server.engine.recording import pieces
from shared.transcript import join_text

_PIECE_SECONDS = 8
"""About as long as what somebody says in one go."""
_SHORTEST_SECONDS = 0.5
_QUIET = 0.001
"""Root mean square below which a piece holds nothing to compare."""


class Load(Protocol):
    """Brings the model that is tried into memory."""

    def __call__(self, options: LoadOptions, verified: Callable[[str | None], None], /) -> Transcriber:
        """Return it; `verified` is told of each short window, as `engine.whisper.load` says. Raises `ModelNotFound`."""


def utterances(recordings: Sequence[Samples], *, most: int) -> list[Samples]:
    """Return up to `most` pieces of speech, taken from all recordings in turn."""
    turns = zip_longest(*(_loud(recording) for recording in recordings))
    return list(islice((piece for turn in turns for piece in turn if piece is not None), most))


def _loud(recording: Samples) -> Iterator[Samples]:
    for _start, piece in pieces(recording, seconds=_PIECE_SECONDS):
        if piece.size >= _SHORTEST_SECONDS * SAMPLE_RATE and np.sqrt(np.square(piece).mean()) > _QUIET:
            yield piece


class Bench:
    """Tries one model; sampling is off, so that only the way of decoding differs between trials."""

    def __init__(self, load: Load, speech: Sequence[Samples], options: LoadOptions, *, language: str | None) -> None:
        """Try `load` on these pieces; `language` None lets the model listen."""
        self._load = load
        self._speech = speech
        self._options = options
        self._language = language

    def context(self, context: AudioContext) -> Trial:
        """Decode every piece with these windows."""
        doubts: list[str] = []
        with self._model(self._options, lambda reason: doubts.append(reason) if reason else None) as transcriber:
            self._decode(transcriber, self._speech[0], context)  # the first decode sets things up
            doubts.clear()
            trial = self._trial(transcriber, self._speech, context)
        return replace(trial, doubted=len(doubts))

    def threads(self, count: int, *, pieces: int) -> Trial:
        """Decode the first pieces with verified windows and this many threads."""
        with self._model(replace(self._options, threads=count), lambda _reason: None) as transcriber:
            self._decode(transcriber, self._speech[0], "verified")
            return self._trial(transcriber, self._speech[:pieces], "verified")

    @contextmanager
    def _model(self, options: LoadOptions, verified: Callable[[str | None], None]) -> Iterator[Transcriber]:
        transcriber = self._load(options, verified)
        try:
            yield transcriber
        finally:
            transcriber.close()

    def _trial(self, transcriber: Transcriber, speech: Sequence[Samples], context: AudioContext) -> Trial:
        texts, seconds = [], []
        for piece in speech:
            began = time.perf_counter()
            texts.append(self._decode(transcriber, piece, context))
            seconds.append(time.perf_counter() - began)
        return Trial(texts=tuple(texts), seconds=tuple(seconds))

    def _decode(self, transcriber: Transcriber, piece: Samples, context: AudioContext) -> str:
        options = DecodeOptions(language=self._language, vad_filter=False, temperatures=(0.0,), audio_context=context)
        turn = Lane("calibrate").turn(Priority.INTERACTIVE)
        try:
            return join_text(tuple(transcriber.decode(piece, options, turn)))
        finally:
            turn.close()
