"""When speech begins and ends, from the probability of each frame; pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class VadOptions:
    """Where the detector draws its lines; the values are Silero's own."""

    begin: float = 0.5
    """Probability from which a frame sounds like speech."""
    end: float = 0.35
    """Probability below which a frame does not sound like speech any more."""
    min_speech: int = 1_536
    """Samples that must sound like speech before it counts as speech: 96 ms, so that a click does not."""


class SpeechDetector:
    """Follows one stream; all positions are samples from its start."""

    def __init__(self, options: VadOptions | None = None) -> None:
        """Start at 0, in silence."""
        self._options = options or VadOptions()
        self._candidate: int | None = None
        self.position = 0
        """Samples heard."""
        self.speaking = False
        """Whether an utterance is going on, pauses within it included."""
        self.silent_since: int | None = None
        """Where the present pause began; None while somebody speaks, or when nobody has begun."""

    @property
    def onset(self) -> int:
        """Where the speech, or what may become speech, began; `position` in silence."""
        return self.position if self._candidate is None else self._candidate

    @property
    def pause(self) -> int:
        """How many samples the present pause has lasted."""
        return 0 if self.silent_since is None else self.position - self.silent_since

    def advance(self, probability: float, samples: int) -> None:
        """Hear one frame of `samples` samples."""
        began, self.position = self.position, self.position + samples
        if self.speaking:
            self._follow(probability, began)
        else:
            self._await(probability, began)

    def reset(self) -> None:
        """Forget the utterance: whatever comes next must begin anew."""
        self.speaking, self.silent_since, self._candidate = False, None, None

    def _await(self, probability: float, began: int) -> None:
        if probability < self._options.end:
            self._candidate = None
        elif probability >= self._options.begin and self._candidate is None:
            self._candidate = began
        if self._candidate is not None and self.position - self._candidate >= self._options.min_speech:
            self.speaking = True

    def _follow(self, probability: float, began: int) -> None:
        if probability >= self._options.begin:
            self.silent_since = None
        elif probability < self._options.end and self.silent_since is None:
            self.silent_since = began
