"""An item of one of OpenAI's transcription sessions: a turn, from its first words to its transcript."""

import uuid
from collections import deque
from dataclasses import dataclass, field

from api_server.routes.openai import logprobs, usage
from api_server.routes.sse import Document
from shared.events import Final, Partial, StreamError, WordTime

Told = list[Document]
"""Events of OpenAI's, without their `event_id`."""


@dataclass(kw_only=True, slots=True)
class Item:
    """A turn on its way to its transcript."""

    begin: float
    """Where its audio begins."""
    id: str = field(default_factory=lambda: f"item_{uuid.uuid4().hex[:24]}")
    """As clients see it."""
    end: float | None = None
    """Where its audio ends; None while it goes on."""
    open: deque[int] = field(default_factory=deque)
    """Utterances whose final is still to come."""
    texts: list[str] = field(default_factory=list)
    """What its finals say."""
    words: list[WordTime] = field(default_factory=list)
    """Of the finals, where they carry them."""
    committed: bool = False
    """Whether clients know that it is over."""
    cleared: bool = False
    """Whether its audio was taken back."""
    fault: StreamError | None = None
    """Why something of it could not be transcribed."""
    _told: str = ""

    def partial(self, event: Partial) -> Told:
        """Return what is newly certain; an utterance is told once the one before it is whole."""
        return self._grown(event.committed) if self.open[0] == event.utterance else []

    def final(self, event: Final) -> Told:
        """Return the rest of an utterance, unless it was told otherwise."""
        self.open.remove(event.utterance)
        rest, self._told = self._grown(event.text), ""
        self.texts += [event.text] if event.text else []
        self.words += event.words or ()
        return rest

    def _grown(self, text: str) -> Told:
        if not text.startswith(self._told) or text == self._told:
            return []
        between = " " if self.texts and not self._told else ""
        delta, self._told = between + text.removeprefix(self._told), text
        return [] if self.cleared else [{**self._about("delta"), "delta": delta}]

    def result(self, *, with_logprobs: bool) -> Told:
        """Return the transcript, or why there is none, or both."""
        told: Told = []
        if self.fault is not None:
            error = fault(self.fault)
            told.append({"type": "error", "error": error} if self.texts else {**self._about("failed"), "error": error})
        if self.texts or self.fault is None:
            seconds = round(max(0.0, (self.end or 0.0) - self.begin), 3)
            done = {**self._about("completed"), "transcript": " ".join(self.texts), "usage": usage(seconds)}
            told.append({**done, "logprobs": logprobs(self.words)} if with_logprobs else done)
        return told

    def _about(self, kind: str) -> Document:
        return {"type": f"conversation.item.input_audio_transcription.{kind}", "item_id": self.id, "content_index": 0}


def fault(error: StreamError) -> Document:
    """Return OpenAI's error object for what failed here."""
    return {"type": "server_error", "code": error.code, "message": error.message, "param": None}
