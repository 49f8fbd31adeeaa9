"""Deepgram's listen interface, as far as its clients need it: `POST /v1/listen`."""

import hashlib
import tempfile
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from api_server.deps import Provided, unless_gone
from api_server.routes.decoding import Wish, transcript_of
from api_server.routes.deepgram_options import ListenQuery
from api_server.routes.deepgram_paragraphs import paragraphs
from api_server.routes.dialects import DialectRoute, hosted_headers, hosted_status
from api_server.routes.sse import Document
from shared.errors import Cancelled, InvalidRequest, StorageFull, SvenskaError
from shared.events import WordTime
from shared.transcript import Segment, Transcript, Word

_MEMORY = 1_000_000
"""Bytes of an upload that are kept in memory; the rest is on disk."""
_NAMES = {400: "Bad Request", 401: "INVALID_AUTH"}
"""What Deepgram calls what has one of these statuses; the rest goes by its code here."""
_ERROR = {
    "type": "object",
    "required": ["err_code", "err_msg", "request_id"],
    "properties": {name: {"type": "string"} for name in ("err_code", "err_msg", "request_id")},
}


class DeepgramRoute(DialectRoute):
    """A route with Deepgram's errors; keys come as `Authorization: Token KEY`."""

    def refuse(self, request: Request, error: SvenskaError) -> Response:
        """Return Deepgram's error reply."""
        return JSONResponse(refusal(error, request.state.request_id), hosted_status(error), hosted_headers(error))


router = APIRouter(prefix="/v1/listen", route_class=DeepgramRoute, tags=["deepgram"])


@router.post(
    "",
    response_model=None,
    responses={
        status: {"description": "Deepgram's error.", "content": {"application/json": {"schema": _ERROR}}}
        for status in (400, 401, 413, 503)
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def listen(request: Request, services: Provided, query: Annotated[ListenQuery, Query()]) -> Response:
    """Return what is said in the recording that is the body."""
    if request.headers.get("content-type", "").startswith("application/json"):
        raise InvalidRequest("Send the recording itself as the body: addresses are not fetched by this server.")
    query.check()
    names = {state.name for state in services.models.all()}
    wish = Wish(
        language=query.spoken,
        model=query.model if query.model in names else None,
        hotwords=query.expected,
        word_timestamps=True,
    )
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY) as kept:
        upload = UploadFile(kept)  # type: ignore[arg-type]
        digest = await _received(request, upload)
        transcript = await unless_gone(request, transcript_of(services, upload.file, wish))
    about = metadata(request.state.request_id, transcript.model, transcript.duration, digest)
    return JSONResponse({"metadata": about, "results": _results(transcript, query)})


async def _received(request: Request, upload: UploadFile) -> str:
    """Keep the body; return its SHA-256."""
    digest = hashlib.sha256()
    try:
        async for chunk in request.stream():
            digest.update(chunk)
            await upload.write(chunk)
    except ClientDisconnect:
        raise Cancelled("The client went away.") from None
    except OSError:
        raise StorageFull("The server has no room for this upload.") from None
    return digest.hexdigest()


def refusal(error: SvenskaError, request_id: str) -> Document:
    """Return Deepgram's error."""
    name = _NAMES.get(hosted_status(error), error.code.upper())
    return {"err_code": name, "err_msg": error.message, "request_id": request_id}


def metadata(request_id: str, model: str, seconds: float, digest: str) -> Document:
    """Return Deepgram's account of a request."""
    known_as = number(model)
    return {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": digest,
        "created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "duration": round(seconds, 3),
        "channels": 1,
        "models": [known_as],
        "model_info": {known_as: model_info(model)},
    }


def model_info(model: str) -> Document:
    """Return what a model is."""
    return {"name": model, "version": "1", "arch": "whisper"}


def number(model: str) -> str:
    """Return the id that stands for a model."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, model))


def _results(transcript: Transcript, query: ListenQuery) -> Document:
    words = [one for segment in transcript.segments for one in segment.words or ()]
    spoken: Document = {
        "transcript": transcript.text,
        "confidence": _confidence(transcript.segments),
        "words": [word(one) for one in words],
    }
    if query.paragraphs or query.smart_format:
        spoken["paragraphs"] = paragraphs(words)
    channel = {
        "alternatives": [spoken],
        "detected_language": transcript.language,
        "language_confidence": transcript.language_probability,
    }
    lists = {"utterances": [_utterance(one) for one in transcript.segments]} if query.utterances else {}
    return {"channels": [channel], **lists}


def _confidence(segments: Sequence[Segment]) -> float:
    spans = [max(0.01, one.end - one.start) for one in segments]
    weighted = sum(one.confidence * span for one, span in zip(segments, spans, strict=True))
    return round(weighted / (sum(spans) or 1.0), 4)


def _utterance(segment: Segment) -> Document:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{segment.id} {segment.start}")),
        "start": segment.start,
        "end": segment.end,
        "confidence": segment.confidence,
        "channel": 0,
        "transcript": segment.text,
        "words": [word(one) for one in segment.words or ()],
    }


def word(spoken: Word | WordTime) -> Document:
    """Return a word, bare and as written."""
    return {
        "word": spoken.word.strip(".,;:!?…\"'()[]«»”").lower() or spoken.word,
        "start": spoken.start,
        "end": spoken.end,
        "confidence": spoken.probability,
        "punctuated_word": spoken.word,
    }
