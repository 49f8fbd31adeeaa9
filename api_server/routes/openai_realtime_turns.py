"""The turns of one of OpenAI's transcription sessions: the native stream's utterances become its items.

No sockets and no clocks: events go in, OpenAI's events come out. Positions are seconds from the start of the audio.
"""

import math
from abc import ABC, abstractmethod
from collections import deque

from api_server.routes.openai_realtime_items import Item, Told
from api_server.routes.sse import Document
from shared.errors import EmptyAudio
from shared.events import Final, Partial, SpeechStarted, StreamError

_LEAST = 0.1
"""Seconds of audio that can be committed."""
_NEAR = 0.1
"""Seconds by which the stream's clock may be behind the client's: the resampler holds some audio back."""

CLEARED: Document = {"type": "input_audio_buffer.cleared"}


class NothingToCommit(EmptyAudio):
    """The buffer is empty, or nearly so."""

    code = "input_audio_buffer_commit_empty"


class Turns(ABC):
    """What becomes of a session's audio. `commit` and `clear` return events; the caller then sends a marked `flush`."""

    def __init__(self, *, with_logprobs: bool = False, earlier: bool = False) -> None:
        """Begin with nothing heard; `earlier` writes items in the shape that came first."""
        self.with_logprobs = with_logprobs
        self.earlier = earlier
        self.used = 0.0
        """Up to where the audio has been committed or cleared."""
        self._last: str | None = None
        self._fault: StreamError | None = None

    @abstractmethod
    def started(self, event: SpeechStarted) -> Told:
        """Take note that somebody began to speak."""

    @abstractmethod
    def partial(self, event: Partial) -> Told:
        """Take what an utterance seems to be."""

    @abstractmethod
    def final(self, event: Final) -> Told:
        """Take what an utterance was."""

    @abstractmethod
    def flushed(self) -> Told:
        """Take note that everything before the oldest unanswered `commit` or `clear` is final."""

    def failed(self, event: StreamError) -> Told:
        """Take note that the next final is empty for this reason."""
        self._fault = event
        return []

    def commit(self, position: float) -> Told:
        """End the turn at the end of the audio; raises `NothingToCommit`."""
        if (there := position - self.used) < _LEAST:
            raise NothingToCommit(
                f"Error committing input audio buffer: expected at least {_LEAST * 1000:.0f} ms of audio, "
                f"got {max(0.0, there) * 1000:.0f} ms."
            )
        return self._commit(position)

    def clear(self, position: float) -> Told:
        """Take back the audio that is in no finished turn."""
        self._clear(position)
        self.used = position
        return [CLEARED]

    @abstractmethod
    def _commit(self, position: float) -> Told: ...

    @abstractmethod
    def _clear(self, position: float) -> None: ...

    def _committed(self, item: Item) -> Told:
        """Return that an item is over and what it is."""
        previous, self._last = self._last, item.id
        item.committed = True
        content = {"type": "input_audio", "transcript": None}
        made = {
            "id": item.id, "object": "realtime.item", "type": "message", "status": "completed", "role": "user",
            "content": [content],
        }  # fmt: skip
        kinds = ("created",) if self.earlier else ("added", "done")
        return [
            {"type": "input_audio_buffer.committed", "previous_item_id": previous, "item_id": item.id},
            *({"type": f"conversation.item.{kind}", "previous_item_id": previous, "item": made} for kind in kinds),
        ]

    def _finish(self, item: Item, event: Final) -> Told:
        """Return what a final adds to its item, and keep why it may be empty."""
        if self._fault is not None:
            item.fault, self._fault = self._fault, None
        return item.final(event)


class DetectedTurns(Turns):
    """Each utterance is a turn."""

    def __init__(self, silence: float, *, with_logprobs: bool = False, earlier: bool = False) -> None:
        """`silence`, in seconds, ends a turn."""
        super().__init__(with_logprobs=with_logprobs, earlier=earlier)
        self._silence = silence
        self._items: dict[int, Item] = {}
        self._finished = 0
        self._cleared = 0.0
        self._asked: deque[tuple[Item, int]] = deque()

    def started(self, event: SpeechStarted) -> Told:
        """Tell it, and the end of what came before, which may still be without its final."""
        sure = (item for item in self._items.values() if not self._doubtful(item))
        before = [told for item in sure for told in self._ended(item, event.start)]
        item = self._items[event.utterance] = Item(begin=event.start, open=deque([event.utterance]))
        return [*before, self._speech("started", item, audio_start_ms=_ms(event.start))]

    def partial(self, event: Partial) -> Told:
        """Tell what is newly certain, unless the audio may have been taken back."""
        item = self._items[event.utterance]
        return [] if self._doubtful(item) else item.partial(event)

    def final(self, event: Final) -> Told:
        """Tell the end of the turn and its transcript; of what was taken back, the end."""
        item = self._items.pop(event.utterance)
        over = event.end + self._silence
        if self._doubtful(item) and over > self._cleared:
            self._fault = None
            return [self._speech("stopped", item, audio_end_ms=_ms(event.end))]
        self._finished += 1
        self.used = max(self.used, min(over, self._pending))
        ended = self._ended(item, event.end)
        item.end = event.end
        return [*ended, *self._finish(item, event), *item.result(with_logprobs=self.with_logprobs)]

    def flushed(self) -> Told:
        """Tell an empty turn where a commit brought none to its end: each is answered."""
        item, finished = self._asked.popleft()
        if item.cleared or finished != self._finished:
            return []
        return [*self._committed(item), *item.result(with_logprobs=self.with_logprobs)]

    def _commit(self, position: float) -> Told:
        self._asked.append((Item(begin=self.used, end=position), self._finished))
        self.used = position
        return []

    def _clear(self, position: float) -> None:
        self._asked.append((Item(begin=self.used, end=position, cleared=True), self._finished))
        self._cleared = position

    @property
    def _pending(self) -> float:
        """Return where the oldest commit or clear was whose finals still come."""
        return (self._asked[0][0].end or 0.0) if self._asked else math.inf

    def _doubtful(self, item: Item) -> bool:
        return item.begin < self._cleared and not item.committed

    def _ended(self, item: Item, end: float) -> Told:
        if item.committed:
            return []
        return [self._speech("stopped", item, audio_end_ms=_ms(end)), *self._committed(item)]

    @staticmethod
    def _speech(kind: str, item: Item, **at: int) -> Document:
        return {"type": f"input_audio_buffer.speech_{kind}", **at, "item_id": item.id}


class ManualTurns(Turns):
    """A turn is what the client commits, however many utterances that is."""

    def __init__(self, *, with_logprobs: bool = False, earlier: bool = False) -> None:
        """Begin with one turn that goes on."""
        super().__init__(with_logprobs=with_logprobs, earlier=earlier)
        self._items = deque([Item(begin=0.0)])

    def started(self, event: SpeechStarted) -> Told:
        """Find the turn that it belongs to."""
        item = next(one for one in self._items if one.end is None or event.start < one.end - _NEAR)
        item.open.append(event.utterance)
        return []

    def partial(self, event: Partial) -> Told:
        """Tell what is newly certain."""
        return self._item_of(event).partial(event)

    def final(self, event: Final) -> Told:
        """Tell the rest of the utterance; the turn's end is `commit`."""
        return self._finish(self._item_of(event), event)

    def flushed(self) -> Told:
        """Tell the transcript of what was committed; nothing of what was cleared."""
        item = self._items.popleft()
        self._items[0].open.extendleft(reversed(item.open))  # began so close to the end that it is the next one's
        return [] if item.cleared else item.result(with_logprobs=self.with_logprobs)

    def _item_of(self, event: Partial | Final) -> Item:
        return next(item for item in self._items if event.utterance in item.open)

    def _commit(self, position: float) -> Told:
        return self._committed(self._cut(position))

    def _clear(self, position: float) -> None:
        self._cut(position).cleared = True

    def _cut(self, position: float) -> Item:
        item = self._items[-1]
        item.end = self.used = position
        self._items.append(Item(begin=position))
        return item


def _ms(position: float) -> int:
    return round(position * 1000)
