"""What a session keeps about one utterance; positions are samples from the start of the stream."""

from dataclasses import dataclass, field

from api_server.streaming.agreement import Agreement
from api_server.streaming.values import Hypothesis
from shared.errors import SvenskaError


@dataclass(kw_only=True, slots=True)
class Asked:
    """A partial that was asked for."""

    number: int
    """Of the request."""
    until: int
    """Where its audio ends."""
    started: bool = False
    """Whether the decoder has begun with it, so that newer audio cannot take its place."""


@dataclass(kw_only=True, slots=True)
class Early:
    """A final decode that was asked for before it was certain that the utterance is over."""

    number: int
    """Of the request."""
    until: int
    """Where its audio ends."""
    hypothesis: Hypothesis | None = None
    """The answer, once it is there."""
    failed: bool = False
    """Whether the decoder could not answer."""


@dataclass(kw_only=True, slots=True)
class Utterance:
    """The one that is going on."""

    number: int
    """Counts from 0 within the session."""
    start: int
    """Where the speech began."""
    window: int
    """Where its audio begins, the pre-roll included."""
    covered: int
    """Where the audio of the newest partial request ends."""
    agreement: Agreement = field(default_factory=Agreement)
    """What is committed of it."""
    asked: Asked | None = None
    """The partial that is not answered yet."""
    early: Early | None = None
    """The final decode that was begun at the present pause."""
    cutting: Early | None = None
    """The decode that is to say where an overlong utterance can be cut."""


@dataclass(kw_only=True, slots=True)
class Closing:
    """One that is over and waits for its final."""

    number: int
    """As above."""
    request: int
    """Number of the decode that makes the final."""
    start: int
    """Where the speech began."""
    end: int
    """Where the speech ended."""
    samples: int
    """How much audio the decode covers."""
    closed_at: float
    """Clock when it was known that the utterance is over, seconds."""
    answer: Hypothesis | SvenskaError | None = None
    """What came of the decode."""
