"""Deepgram's `WS /v1/listen`: a live stream in its messages."""

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from api_server.deps import authorize, bearer
from api_server.routes.deepgram import refusal
from api_server.routes.deepgram_listener import Listener, failure
from api_server.routes.deepgram_options import LiveQuery
from api_server.routes.dialects import hosted_headers, hosted_status
from api_server.routes.sse import dumps
from api_server.routes.stream import StarletteSocket, serve
from api_server.streaming.service import StreamService
from shared.errors import InvalidParameter, SvenskaError

router = APIRouter()


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
    return dumps(failure("SchemaError" if isinstance(error, InvalidParameter) else error.code, error.message))
