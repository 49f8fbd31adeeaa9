"""What the options of `svenska jobs submit` say, as the form of `POST /jobs`."""

import json
from collections.abc import Sequence
from typing import Any

from svenska.exits import Exit, Failure


def submission(**fields: object) -> dict[str, str]:
    """Return the form of `POST /jobs`: what says nothing is left out, objects are JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
        if value
    }


def switches(words: Sequence[str]) -> dict[str, bool]:
    """Return `["pii=off", "summary"]` as `{"pii": False, "summary": True}`; raises `Failure`."""
    values = {"on": True, "true": True, "off": False, "false": False}
    pairs = [(name, value or "on") for name, _, value in (word.partition("=") for word in words)]
    for name, value in pairs:
        if not name or value.lower() not in values:
            raise _wrong("--feature", "NAME=on or NAME=off", f"{name}={value}")
    return {name: values[value.lower()] for name, value in pairs}


def settings(words: Sequence[str]) -> dict[str, Any]:
    """Return `["beam_size=1", "prompt=hej"]` as `{"beam_size": 1, "prompt": "hej"}`; raises `Failure`."""
    pairs = [word.partition("=") for word in words]
    for name, equals, value in pairs:
        if not (name and equals):
            raise _wrong("--option", "NAME=VALUE", name + equals + value)
    return {name: _value(value) for name, _, value in pairs}


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_object(text: str | None) -> dict[str, Any] | None:
    """Return the object of `--metadata`, None for none; raises `Failure`."""
    value = _value(text) if text else None
    if value is not None and not isinstance(value, dict):
        raise _wrong("--metadata", 'a JSON object, as {"meeting": 7}', str(text))
    return value


def _wrong(option: str, expected: str, got: str) -> Failure:
    return Failure(
        "{option}: expected {expected}, got {got!r}.",
        code="invalid_parameter",
        exit_code=Exit.USAGE,
        option=option,
        expected=expected,
        got=got,
    )
