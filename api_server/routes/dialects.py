"""Routes that speak another system's language: their errors too are in its shape."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api_server.deps import KeyedRoute
from shared.errors import InvalidRequest, MalformedBody, NotFound, SvenskaError, TryLater
from shared.replies import cause_of, explained, status_of


class DialectRoute(KeyedRoute):
    """A route whose refusals are written by its `refuse`."""

    def refuse(self, request: Request, error: SvenskaError) -> Response:
        """Return the reply that carries `error`."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the keyed handler with its errors translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except SvenskaError as error:
                return self.refuse(request, error)
            except RequestValidationError as error:
                return self.refuse(request, explained(error.errors()[0]))
            except HTTPException as error:
                malformed = MalformedBody(f"The body could not be read as a form: {error.detail}")
                return self.refuse(request, cause_of(error) or malformed)

        return translated


def hosted_status(error: SvenskaError) -> int:
    """Return the status by which the hosted services refuse: 400 for all that the caller can mend, but a size."""
    status = status_of(error)
    return 400 if isinstance(error, InvalidRequest) and status in {415, 422} else status


def hosted_headers(error: SvenskaError) -> dict[str, str]:
    """Return what goes with a refusal."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TryLater) else {}


def no_such_path(request: Request) -> NotFound:
    """Return the refusal of a path or method that the interface does not have."""
    return NotFound(f"Invalid URL ({request.method} {request.url.path[:200]})")
