import inspect
import json
import re

from shared import errors
from shared.errors import AudioTooLong, Busy, InvalidParameter, SvenskaError, TryLater

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SvenskaError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Each drawn line is a class with that code, under that parent, and no class is left out."""
    drawn = re.findall(r"^( *)[│ ├└─]*?([A-Z]\w+)(?: {2,}(.*))?$", errors.__doc__ or "", re.MULTILINE)
    names = {name for _, name, _ in drawn}
    assert names >= {kind.__name__ for kind in CLASSES}
    for _, name, code in drawn:
        kind = getattr(errors, name, None)
        if kind is not None and re.fullmatch(r"[a-z_]+", code or "") and kind is not TryLater:
            assert kind.code == code, name


def test_codes_are_stable_words() -> None:
    """Lower case with underscores, so that clients can write them in any language."""
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code) for kind in CLASSES)


def test_the_body_is_the_contracts() -> None:
    """`{"error": {"code", "message", "detail"?}}`."""
    assert Busy("Full.").to_json() == {"error": {"code": "busy", "message": "Full."}}
    assert AudioTooLong("Long.", detail={"limit_seconds": 5}).to_json() == {
        "error": {"code": "audio_too_long", "message": "Long.", "detail": {"limit_seconds": 5}}
    }


def test_a_wrong_parameter_names_field_expectation_and_value() -> None:
    """And repeats no more than 80 characters of what came."""
    error = InvalidParameter("language", expected="ISO 639-1 or auto", got="x" * 5000)
    assert error.message.startswith("language: expected ISO 639-1 or auto, got 'xxx")
    assert len(error.message) < 200
    assert error.detail == {"field": "language", "expected": "ISO 639-1 or auto", "got": "x" * 80}


def test_what_came_can_always_be_told() -> None:
    """Half a letter is no UTF-8, and lists in lists may be too deep to write down."""
    half = InvalidParameter("name\ud800", expected="a name", got="\ud800")
    assert json.dumps(half.to_json(), ensure_ascii=False).encode()
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert "got '[[[" in InvalidParameter("session", expected="an object", got=deep).message


def test_of_millions_of_values_only_the_first_are_written_down() -> None:
    """Writing all of them would take seconds, on the event loop."""

    class Untold:
        def __repr__(self) -> str:
            raise AssertionError

    values = [1, 2, 3, 4, 5, 6, Untold()]
    assert InvalidParameter("segments", expected="an object", got=values).message.endswith("'[1, 2, 3, 4, 5, 6, ...]'.")
    named = dict(enumerate(values))
    assert "{0: 1, 1: 2, 2: 3" in InvalidParameter("segments", expected="a list", got=named).message


def test_what_passes_says_when_to_come_back() -> None:
    """Whole seconds, for `Retry-After`."""
    assert Busy("Full.").retry_after == 1
    assert Busy("Full.", retry_after=7).retry_after == 7
