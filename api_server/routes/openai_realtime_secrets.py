"""OpenAI's short-lived keys: who keeps a key of this server lends one to a browser, with the session that it opens."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from api_server.deps import bearer
from api_server.routes.openai import OpenAIRoute
from api_server.routes.openai_realtime_session import Session, Shape, checked, document, updated
from api_server.routes.sse import Document
from api_server.streaming.service import StreamService
from shared.errors import Busy

router = APIRouter(prefix="/v1/realtime", route_class=OpenAIRoute, tags=["openai"])

_DEFAULT_SECONDS, _LONGEST_SECONDS = 600, 7_200
_MOST = 1_000
"""Keys that are lent at once: each keeps its session in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lent:
    """What a short-lived key stands for."""

    key: str | None
    """The key of whoever asked for it."""
    session: Session
    """What holds from the beginning on every connection that is opened with it."""
    expires_at: int
    """Seconds since 1970."""


class Secrets:
    """The short-lived keys of one app, in memory only; used from one event loop."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Begin with none; `clock` tells seconds since 1970."""
        self._clock = clock
        self._lent: dict[str, Lent] = {}

    def lend(self, key: str | None, session: Session, *, seconds: int) -> tuple[str, Lent]:
        """Return a new key that stands for `key`; raises `Busy` where too many are lent."""
        self._forget()
        if len(self._lent) >= _MOST:
            first = min(one.expires_at for one in self._lent.values())
            raise Busy(f"{_MOST} client secrets are valid already.", retry_after=max(1, round(first - self._clock())))
        lent = Lent(key=key, session=session, expires_at=round(self._clock()) + seconds)
        value = f"ek_{secrets.token_urlsafe(32)}"
        self._lent[value] = lent
        return value, lent

    def find(self, value: str | None) -> Lent | None:
        """Return what a key stands for that is valid now, any number of times."""
        self._forget()
        return self._lent.get(value or "")

    def _forget(self) -> None:
        now = self._clock()
        self._lent = {value: lent for value, lent in self._lent.items() if lent.expires_at > now}


class ExpiresAfter(BaseModel):
    """How long a key is valid."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    anchor: Literal["created_at"] = "created_at"
    """From when on."""
    seconds: int = Field(default=_DEFAULT_SECONDS, ge=10, le=_LONGEST_SECONDS)
    """For connections to be opened; those that are open go on."""


class SecretWish(BaseModel):
    """The body of `POST /v1/realtime/client_secrets`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    expires_after: ExpiresAfter | None = None
    """Nothing: ten minutes."""
    session: dict[str, Any] | None = None
    """As in `session.update`."""


@router.post("/client_secrets")
async def client_secrets(request: Request, wish: Annotated[SecretWish | None, Body()] = None) -> Document:
    """Return a key for a while, and the transcription session that it opens."""
    wish = wish or SecretWish()
    value, lent, session = _lend(request, "session", wish.session or {}, wish.expires_after or ExpiresAfter())
    return {"value": value, "expires_at": lent.expires_at, "session": session}


@router.post("/transcription_sessions")
async def transcription_sessions(request: Request, wish: Annotated[dict[str, Any] | None, Body()] = None) -> Document:
    """Return the same in the earlier shape: the body is the session, the key is in the reply's."""
    value, lent, session = _lend(request, "transcription_session", wish or {}, ExpiresAfter())
    return {**session, "client_secret": {"value": value, "expires_at": lent.expires_at}}


def _lend(request: Request, shape: Shape, wanted: Document, after: ExpiresAfter) -> tuple[str, Lent, Document]:
    streams: StreamService = request.app.state.streams
    known: Secrets = request.app.state.secrets
    session = updated(Session(), shape, wanted)
    checked(session, shape, streams.decode_options)
    value, lent = known.lend(bearer(request.headers.get("authorization", "")), session, seconds=after.seconds)
    about = document(session, shape, identity=f"sess_{uuid.uuid4().hex[:24]}", model=streams.model.name)
    return value, lent, about
