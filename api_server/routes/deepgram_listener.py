"""Between one of Deepgram's live clients and a native stream."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from api_server.routes.deepgram import metadata, model_info, number, word
from api_server.routes.deepgram_options import LiveQuery
from api_server.routes.g711 import pcm_s16le
from api_server.routes.sse import Document, dumps
from api_server.routes.translation import Native, Translation
from api_server.streaming.connection import Socket, refuse_if_long
from api_server.streaming.outbox import Sent
from shared.errors import InvalidParameter
from shared.events import Final, Flush, Flushed, Partial, SpeechStarted, Stop, StreamDone, StreamError

_MARK = "finalize"


def failure(variant: str, message: str) -> Document:
    """Return Deepgram's message of an error."""
    return {"type": "Error", "variant": variant, "description": message, "message": message}


class Listener(Translation):
    """One of Deepgram's clients."""

    def __init__(self, wire: Socket, query: LiveQuery, *, request_id: str, model: str) -> None:
        """Serve a client that asked for `query`."""
        super().__init__(wire)
        self._query = query
        self._request_id = request_id
        self._model = model
        self._digest = hashlib.sha256()
        self._opened = self._closing = False
        self._finalizing = 0
        self._held: Final | None = None
        self._end = 0.0

    async def hear(self, message: str | bytes) -> Sequence[Native]:
        """Return what audio and control messages mean; an empty one closes the stream, as it always has there."""
        if self._closing:
            return []
        if isinstance(message, bytes) and message:
            return self._audio(message)
        kind = "CloseStream" if isinstance(message, bytes) else _type_of(message)
        if kind == "CloseStream":
            return self._close()
        if kind not in {"KeepAlive", "Finalize", "Configure"}:
            raise InvalidParameter("type", expected="KeepAlive, Finalize, CloseStream or Configure", got=kind)
        if kind == "Configure":
            await self._say([self._unchanged()])
        return await self._finalize() if kind == "Finalize" else []

    def _audio(self, data: bytes) -> list[Native]:
        self._digest.update(data)
        opening = [] if self._opened else [self._query.start(data).model_dump_json()]
        self._opened = True
        law = self._query.encoding
        return [*opening, pcm_s16le(data, law) if law == "mulaw" or law == "alaw" else data]  # noqa: PLR1714 - narrows

    def _close(self) -> list[Native]:
        self._closing = True
        opening = [] if self._opened else [self._query.empty().model_dump_json()]
        return [*opening, Stop().model_dump_json()]

    async def _finalize(self) -> list[Native]:
        self._finalizing += 1
        if self._opened:
            return [Flush(mark=_MARK).model_dump_json()]
        await self._say(self._finalized())
        return []

    def _unchanged(self) -> Document:
        return {
            "type": "ConfigureFailure",
            "request_id": self._request_id,
            "code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED",
            "description": "Say `keyterm` when the stream is opened; nothing can be changed later.",
        }

    async def tell(self, event: Sent) -> None:
        """Send what an event means in Deepgram's messages."""
        await self._say(self._meaning(event))

    async def _say(self, messages: Iterable[Document]) -> None:
        for message in messages:
            await self._wire.send(dumps(message))

    def _meaning(self, event: Sent) -> Iterator[Document]:
        match event:
            case SpeechStarted() if self._query.vad_events:
                yield {"type": "SpeechStarted", "channel": [0, 1], "timestamp": event.start}
            case Partial():
                yield self._result(event, event.committed + event.tentative, [], confidence=0.0, final=False)
            case Final():
                yield from self._final(event)
            case Flushed():
                yield from self._finalized()
            case StreamError():
                yield failure(event.code, event.message)
            case StreamDone():
                about = metadata(self._request_id, self._model, event.duration, self._digest.hexdigest())
                yield {"type": "Metadata", **about}

    def _final(self, event: Final) -> Iterator[Document]:
        """Hold back what may be the last before `Finalize` is answered: that one says so."""
        self._end = event.end
        held, self._held = self._held, event if self._finalizing else None
        for final in (held, event):
            if final is not None and final is not self._held:
                yield from self._heard(final)

    def _finalized(self) -> Iterator[Document]:
        held, self._held = self._held, None
        self._finalizing -= 1
        yield from self._heard(held or _nothing(self._end), finalize=True)

    def _heard(self, event: Final, *, finalize: bool = False) -> Iterator[Document]:
        words = [word(one) for one in event.words or ()]
        result = self._result(event, event.text, words, confidence=event.confidence, final=True)
        yield {**result, "from_finalize": finalize}
        if self._query.utterance_end_ms is not None and words:
            yield {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": words[-1]["end"]}

    def _result(
        self, event: Partial | Final, text: str, words: list[Document], *, confidence: float, final: bool
    ) -> Document:
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": event.start,
            "duration": round(event.end - event.start, 3),
            "is_final": final,
            "speech_final": final,
            "channel": {"alternatives": [{"transcript": text, "confidence": confidence, "words": words}]},
            "metadata": {
                "request_id": self._request_id,
                "model_info": model_info(self._model),
                "model_uuid": number(self._model),
            },
        }


def _nothing(at: float) -> Final:
    return Final(utterance=0, start=at, end=at, text="", language="", confidence=0, words=[], latency=0)


def _type_of(message: str) -> str:
    refuse_if_long(message)
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):  # the latter for brackets in brackets without end
        document = None
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        raise InvalidParameter("message", expected="a JSON object with a `type`", got=message)
    return kind
