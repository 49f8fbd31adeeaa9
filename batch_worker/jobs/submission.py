"""What a caller hands in, checked at the door: JSON fields, features, transcripts, metadata; pure."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from shared.errors import InvalidParameter
from shared.transcript import Transcript, transcript_from_json

METADATA_LIMIT = 64_000
"""Bytes."""
_DEEPEST = 100
"""Levels of metadata: what shows them adds some, and JSON is written recursively."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character, by itself or with the other one."""
Document = dict[str, Any]


def json_object(field: str, text: str | None) -> Document:
    """Return the JSON object in a form field, {} for none; raises `InvalidParameter` with the position of a fault."""
    if not text:
        return {}
    try:
        document = json.loads(text, parse_constant=_constant, parse_float=_finite)
        if _HALF.search(text):
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidParameter(
            field, expected="JSON of whole characters (a lone \\ud800 is half of one)", got=text
        ) from None
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidParameter(field, expected=f"JSON (fault{where})", got=text) from None
    except RecursionError:
        raise InvalidParameter(field, expected="JSON that is not nested as deep", got=text) from None
    if not isinstance(document, dict):
        raise InvalidParameter(field, expected="a JSON object", got=text)
    return document


def _constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are no JSON, whatever Python thinks


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value


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
    document = json_object("metadata", text)
    if _deep(document):
        raise InvalidParameter("metadata", expected=f"at most {_DEEPEST} levels, not as deep", got=text)
    return document


def _deep(document: Document) -> bool:
    level: list[object] = [document]
    for _ in range(_DEEPEST):
        inside = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [value for values in inside for value in values]
    return bool(level)


def transcript(text: str) -> Transcript:
    """Return a transcript that was handed in; raises `InvalidParameter` that names the first wrong field."""
    try:
        return _told_apart(transcript_from_json(json_object("transcript", text)))
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(["transcript", *(str(part) for part in fault["loc"])])
        raise InvalidParameter(field, expected=fault["msg"], got=fault["input"]) from None


def _told_apart(found: Transcript) -> Transcript:
    known: set[int] = set()
    for place, segment in enumerate(found.segments):
        if segment.id in known:
            raise InvalidParameter(f"transcript.segments.{place}.id", expected="an id of its own", got=segment.id)
        known.add(segment.id)
    return found


def fingerprint(content: str, fields: Mapping[str, object]) -> str:
    """Return what tells one request from another: the digest of its recording and of its fields."""
    canonical = json.dumps([content, fields], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
