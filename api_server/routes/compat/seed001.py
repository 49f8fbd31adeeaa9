"""`POST /transcribe/` with a slash behind it: a direct service. Its `/health` and `/config` are the native ones.

The same system's queue is `batch_worker.routes.compat.seed001`.
"""

from fastapi import APIRouter

from api_server.deps import KeyedRoute
from api_server.errors import REPLIES
from api_server.routes import transcribe

router = APIRouter(route_class=KeyedRoute, tags=["compat"], responses=REPLIES)
router.add_api_route("/transcribe/", transcribe.transcribe, methods=["POST"], response_model=None)
