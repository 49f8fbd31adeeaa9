"""What a caller hands in, checked at the door: JSON fields, features, transcripts, metadata; pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from shared.errors import InvalidParameter
from shared.transcript import Transcript, transcript_from_json

METADATA_LIMIT = 64_000
"""Bytes."""
Document = dict[str, Any]


def json_object(field: str, text: str | None) -> Document:
    """Return the JSON object in a form field, {} for none; raises `InvalidParameter` with the position of a fault."""
    if not text:
        return {}
    try:
        document = json.loads(text)
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidParameter(field, expected=f"JSON (fault{where})", got=text) from None
    except RecursionError:
        raise InvalidParameter(field, expected="JSON that is not nested as deep", got=text) from None
    if not isinstance(document, dict):
        raise InvalidParameter(field, expected="a JSON object", got=text)
    return document


def features(document: Mapping[str, object], known: Iterable[str]) -> dict[str, bool]:
    """Return which features the caller wishes on or off; raises `InvalidParameter`."""
    names = tuple(known)
    for name, wish in document.items():
        if name not in names:
            raise InvalidParameter("features", expected=f"features installed here: {', '.join(names)}", got=name)
        if not isinstance(wish, bool):
            raise InvalidParameter(f"features.{name}", expected="true or false", got=wish)
    return {name: bool(wish) for name, wish in document.items()}


def metadata(text: str | None) -> Document:
    """Return the caller's own data; raises `InvalidParameter`."""
    if text and len(text.encode()) > METADATA_LIMIT:
        raise InvalidParameter(
            "metadata", expected=f"at most {METADATA_LIMIT} bytes", got=f"{len(text.encode())} bytes"
        )
    return json_object("metadata", text)


def transcript(text: str) -> Transcript:
    """Return a transcript that was handed in; raises `InvalidParameter` that names the first wrong field."""
    try:
        return transcript_from_json(json_object("transcript", text))
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(["transcript", *(str(part) for part in fault["loc"])])
        raise InvalidParameter(field, expected=fault["msg"], got=fault["input"]) from None


def fingerprint(content: str, fields: Mapping[str, object]) -> str:
    """Return what tells one request from another: the digest of its recording and of its fields."""
    canonical = json.dumps([content, fields], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
