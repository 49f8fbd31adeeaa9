"""Which models there are, and which are in memory."""

from typing import Any

from fastapi import APIRouter, Response

from api_server.deps import KeyedRoute, Provided
from api_server.engine.models import ModelState
from api_server.errors import REPLIES

router = APIRouter(prefix="/models", route_class=KeyedRoute, tags=["models"], responses=REPLIES)


@router.get("")
async def models(services: Provided) -> dict[str, Any]:
    """Return the models that requests may name."""
    return {"models": [_described(state) for state in services.models.all()]}


@router.post("/{name:path}/load")
async def load(name: str, services: Provided) -> dict[str, Any]:
    """Bring a model into memory by its size or hub id; returns when it is there."""
    return _described(await services.models.load(name))


@router.delete("/{name:path}", status_code=204)
async def unload(name: str, services: Provided) -> Response:
    """Give a model's memory back."""
    services.models.unload(name)
    return Response(status_code=204)


def _described(state: ModelState) -> dict[str, Any]:
    described: dict[str, Any] = {"name": state.name, "resident": state.resident, "loaded": state.info is not None}
    if state.info is not None:
        described |= {
            "device": state.info.device,
            "compute_type": state.info.compute_type,
            "multilingual": state.info.multilingual,
            "languages": state.info.languages,
            "demonstration": state.info.demonstration,
        }
    return described
