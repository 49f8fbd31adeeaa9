"""What the decoder reads and should answer for a clip, in Whisper's token format."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor

from tools.bundled_model.clips import Clip, Segment
from tools.bundled_model.model import LETTERS

IGNORED: Final = -100
"""A label that the loss leaves out."""
NOWHERE: Final = -1.0
"""The moment of an answer that nobody says."""
DECODER_POSITIONS: Final = 448
_TIMESTAMP_STEP: Final = 0.02
SPOKEN_LANGUAGES: Final = ("sv", "en")
"""Languages whose text is learned; of the others only the language token is."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One clip's lesson."""

    tokens: list[int]
    """What the decoder reads."""
    labels: list[int]
    """What it should answer at each position, or `IGNORED`."""
    letters: list[int]
    """What the CTC head should spell; empty where it is left out."""
    moments: list[float]
    """By position: the second at which its answer is said, or `NOWHERE`."""


class TargetWriter:
    """Writes targets with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Look up the special tokens."""
        self._tokenizer = tokenizer
        self._start = self._special("startoftranscript")
        self._translate = self._special("translate")
        self._transcribe = self._special("transcribe")
        self._previous = self._special("startofprev")
        self._no_speech = self._special("nospeech")
        self._plain = self._special("notimestamps")
        self._zero = self._special("0.00")
        self.end = self._special("endoftext")

    def write(self, clip: Clip, random: Random) -> Target:
        """Return a target: half with timestamps, half without; at times after a text that came before."""
        head = [self._start, self._special(clip.language), self._transcribe]
        if not clip.segments:
            return self._silence(head, random)
        if clip.language not in SPOKEN_LANGUAGES:
            return Target(tokens=head[:1], labels=[head[1]], letters=[], moments=[NOWHERE])
        timed = random.random() < 0.5  # noqa: PLR2004 - a share
        body = self._timed(clip.segments) if timed else [self._plain, *self._untimed(clip.segments)]
        tokens = [*head, *body, self.end]
        labels = tokens[1:]
        labels[1] = IGNORED
        if not timed:
            labels[2] = IGNORED
        prompt = self._prompt(clip, random)
        spelled = " ".join(segment.text for segment in clip.segments).lower()
        letters = [LETTERS.index(letter) + 1 for letter in spelled if letter in LETTERS]
        unsaid = [NOWHERE] * (len(prompt) + len(head) - 1 + (not timed))
        return Target(
            tokens=prompt + tokens[:-1],
            labels=[IGNORED] * len(prompt) + labels,
            letters=letters,
            moments=[*unsaid, *self._moments(clip.segments, timed=timed), NOWHERE],
        )

    def write_plain(self, clip: Clip) -> Target:
        """Return the target without timestamps and without a text before it."""
        head = [self._start, self._special(clip.language), self._transcribe, self._plain]
        tokens = [*head, *self._untimed(clip.segments)]
        labels = [*tokens[1:], self.end]
        return Target(tokens=tokens, labels=labels, letters=[], moments=[NOWHERE] * len(labels))

    def names_language(self, labels: Tensor) -> Tensor:
        """Return which labels are a language's token."""
        return (labels > self._start) & (labels < self._translate)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text as it stands inside a transcript."""
        ids: list[int] = self._tokenizer.encode(f" {text}", add_special_tokens=False).ids
        return ids

    def _silence(self, head: list[int], random: Random) -> Target:
        if random.random() < 0.5:  # noqa: PLR2004 - a share
            labels = [self._no_speech, IGNORED, IGNORED, self.end]
            return Target(tokens=[*head, self._plain], labels=labels, letters=[], moments=[NOWHERE] * 4)
        labels = [self._no_speech, IGNORED, self._zero, self.end]
        return Target(tokens=[*head, self._zero], labels=labels, letters=[], moments=[NOWHERE] * 4)

    def _timed(self, segments: Sequence[Segment]) -> list[int]:
        tokens = []
        for one in segments:
            tokens += [self._timestamp(one.start), *self.encode(one.text), self._timestamp(one.end)]
        return tokens

    def _untimed(self, segments: Sequence[Segment]) -> list[int]:
        return [token for one in segments for token in self.encode(one.text)]

    def _moments(self, segments: Sequence[Segment], *, timed: bool) -> list[float]:
        """Return about when each token is said: a token takes as long as its share of the sentence's letters."""
        moments = []
        for one in segments:
            sizes = np.array([len(self._tokenizer.decode([token])) for token in self.encode(one.text)])
            middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
            said = (one.start + (one.end - one.start) * middles).tolist()
            moments += [one.start, *said, one.end] if timed else said
        return moments

    def _prompt(self, clip: Clip, random: Random) -> list[int]:
        if random.random() > 0.06:  # noqa: PLR2004 - a share
            return []
        words = " ".join(segment.text for segment in clip.segments).split()
        random.shuffle(words)
        return [self._previous, *self.encode(" ".join(words[:20]))[:60]]

    def _timestamp(self, seconds: float) -> int:
        return self._zero + round(seconds / _TIMESTAMP_STEP)

    def _special(self, name: str) -> int:
        token: int | None = self._tokenizer.token_to_id(f"<|{name}|>")
        if token is None:
            raise ValueError(f"the tokenizer has no <|{name}|>")
        return token
