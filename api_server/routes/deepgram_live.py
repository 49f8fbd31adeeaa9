"""Deepgram's `WS /v1/listen`: a live stream in its messages."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse
from pydantic import Field, ValidationError

from api_server.deps import authorize, bearer
from api_server.routes.deepgram import ListenQuery, metadata, model_info, number, refusal, word
from api_server.routes.dialects import hosted_headers, hosted_status
from api_server.routes.g711 import pcm_s16le
from api_server.routes.sse import Document, dumps
from api_server.routes.stream import StarletteSocket, serve
from api_server.routes.translation import Native, Translation
from api_server.streaming.connection import Socket
from api_server.streaming.outbox import Sent
from api_server.streaming.service import StreamService
from shared.errors import InvalidParameter, SvenskaError, UnsupportedAudio
from shared.events import Final, Flush, Flushed, Partial, SpeechStarted, Start, Stop, StreamDone, StreamError

router = APIRouter()

_CONTAINERS: dict[bytes, Literal["webm", "ogg", "wav"]] = {
    b"\x1aE\xdf\xa3": "webm", b"OggS": "ogg", b"RIFF": "wav", b"RF64": "wav",
}  # fmt: skip
_MARK = "finalize"


class LiveQuery(ListenQuery):
    """The same for a stream."""

    encoding: Literal["linear16", "linear32", "mulaw", "alaw", "ogg-opus"] | None = None
    """Nothing: webm, ogg or wav, whichever comes."""
    sample_rate: int = Field(default=16_000, ge=8_000, le=48_000)
    """Hz, of what is no container."""
    channels: int = Field(default=1, ge=1, le=2)
    """Mixed to one."""
    interim_results: bool = False
    """Whether unfinished utterances are told."""
    endpointing: int | bool = True
    """Milliseconds of silence that end an utterance; `true` and `false` leave it to the server."""
    vad_events: bool = False
    """Whether the beginning of speech is told."""
    utterance_end_ms: int | None = None
    """Whether the end of speech is told; the figure is not used."""

    def start(self, head: bytes) -> Start:
        """Return how the stream opens that begins with `head`; raises `UnsupportedAudio`."""
        encoding = self._container(head) if self.encoding is None else _native(self.encoding)
        audio = {"encoding": encoding, "sample_rate": self.sample_rate, "channels": self.channels}
        return self.empty().model_copy(update=audio)

    def empty(self) -> Start:
        """Return how a stream opens in which no audio comes."""
        silence = None if isinstance(self.endpointing, bool) else min(5.0, max(0.1, self.endpointing / 1000))
        return Start(
            language=self.spoken,
            partials=self.interim_results,
            word_timestamps=True,
            hotwords=self.expected,
            endpoint_silence=silence,
        )

    def _container(self, head: bytes) -> Literal["webm", "ogg", "wav"]:
        if (found := _CONTAINERS.get(head[:4])) is None:
            raise UnsupportedAudio(
                "Without `encoding` the stream is webm, ogg or wav, and this one is none of them; "
                "for raw audio say `encoding=linear16` and its `sample_rate`."
            )
        return found


def _native(encoding: str) -> Literal["pcm_s16le", "pcm_f32le", "ogg"]:
    if encoding == "linear32":
        return "pcm_f32le"
    return "ogg" if encoding == "ogg-opus" else "pcm_s16le"


@router.websocket("/v1/listen")
async def live(websocket: WebSocket) -> None:
    """Serve one live stream as Deepgram does; a wrong key or option is an HTTP status, as there."""
    protocol, key = _credentials(websocket)
    request_id: str = websocket.state.request_id
    streams: StreamService = websocket.app.state.streams
    try:
        authorize(key, websocket.app.state.keys)
        query = _query(websocket)
        streams.decode_options(query.empty())
    except SvenskaError as error:
        await websocket.send_denial_response(_denial(error, request_id))
        return
    await websocket.accept(subprotocol=protocol, headers=[(b"dg-request-id", request_id.encode())])
    listener = Listener(StarletteSocket(websocket), query, request_id=request_id, model=streams.model.name)
    await serve(websocket, listener, key=key, refusal=_told)


def _denial(error: SvenskaError, request_id: str) -> JSONResponse:
    about = error.message.encode("ascii", "replace").decode().replace("\n", " ")
    headers = {"dg-request-id": request_id, "dg-error": about, **hosted_headers(error)}
    return JSONResponse(refusal(error, request_id), hosted_status(error), headers)


def _credentials(websocket: WebSocket) -> tuple[str | None, str | None]:
    """Return the sub-protocol to answer with and the key: in a header, or as `token, KEY` as browsers must."""
    offered: list[str] = websocket.scope.get("subprotocols", [])
    if offered and offered[0] in {"token", "bearer"}:
        return offered[0], offered[1] if len(offered) > 1 else None
    return None, bearer(websocket.headers.get("authorization", ""))


def _query(websocket: WebSocket) -> LiveQuery:
    sent = websocket.query_params
    lists = {name: sent.getlist(name) for name in ("keyterm", "keywords", "redact")}
    try:
        query = LiveQuery.model_validate({**sent, **lists})
    except ValidationError as error:
        fault = error.errors()[0]
        expected = fault["msg"].removeprefix("Input should be ")
        raise InvalidParameter(str(fault["loc"][0]), expected=expected, got=fault["input"]) from None
    query.check()
    return query


def _told(error: SvenskaError) -> str:
    return dumps(_error("SchemaError" if isinstance(error, InvalidParameter) else error.code, error.message))


def _error(variant: str, message: str) -> Document:
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
                yield _error(event.code, event.message)
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
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):  # the latter for brackets in brackets without end
        document = None
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        raise InvalidParameter("message", expected="a JSON object with a `type`", got=message)
    return kind
