"""`GET /`: the page for people, and the files it is made of."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request, Response

from shared.errors import NotFound

router = APIRouter(tags=["page"])

_FOLDER = Path(__file__).parents[1] / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    # Asked for again each time and answered with 304: an update is never half there.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/", response_class=Response)
def page(request: Request) -> Response:
    """Return the page: speak or drop a file, and read what was said."""
    return _file(request, "index.html")


@router.get("/static/{name}", include_in_schema=False)
def part(request: Request, name: str) -> Response:
    """Return a file of the page; raises `NotFound`."""
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    path = next((one for one in _FOLDER.iterdir() if one.name == name), None)
    if path is None or path.suffix not in _TYPES:
        raise NotFound("The page has no such file.")
    content = path.read_bytes()
    headers = {**_HEADERS, "ETag": f'"{hashlib.sha256(content).hexdigest()[:20]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_TYPES[path.suffix])
