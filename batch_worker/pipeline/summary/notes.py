"""The language model's answer as a value, and back as text to be merged; pure."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from batch_worker.pipeline.draft import Action, Point, Summary
from batch_worker.pipeline.summary.lines import tokens
from shared.errors import LlmUnavailable

_NOBODY = frozenset({"", "-", "null", "none", "n/a", "okänt", "okänd", "ingen", "unknown", "nobody"})
"""What models write where they should write null."""
_IDS = {"type": "array", "items": {"type": "integer"}}
_MAYBE = {"type": ["string", "null"]}


def _object(**fields: object) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


_POINTS = {"type": "array", "items": _object(text={"type": "string"}, segments=_IDS)}
_ACTIONS = {"type": "array", "items": _object(what={"type": "string"}, who=_MAYBE, when=_MAYBE, segments=_IDS)}
SCHEMA = _object(summary={"type": "string"}, key_points=_POINTS, decisions=_POINTS, action_items=_ACTIONS)
"""JSON schema of an answer, in the subset that servers enforce word by word."""


def _ids(value: object) -> list[int]:
    """Return the numbers that are some; models write `"[3]"` too."""
    found = value if isinstance(value, list) else []
    written = (str(one).strip("[] ") for one in found)
    return [int(one) for one in written if one.isascii() and one.isdecimal() and len(one) < 10]  # noqa: PLR2004


def _or_nothing(value: object) -> object:
    return [] if value is None else value


Ids = Annotated[list[int], BeforeValidator(_ids)]


class _Point(BaseModel):
    text: str = Field(max_length=5_000)
    segments: Ids = []


class _Action(BaseModel):
    what: str = Field(max_length=5_000)
    who: str | None = Field(default=None, max_length=500)
    when: str | None = Field(default=None, max_length=500)
    segments: Ids = []


class _Answer(BaseModel):
    summary: str = Field(min_length=1, max_length=50_000)
    key_points: Annotated[list[_Point], BeforeValidator(_or_nothing)] = Field(default=[], max_length=500)
    decisions: Annotated[list[_Point], BeforeValidator(_or_nothing)] = Field(default=[], max_length=500)
    action_items: Annotated[list[_Action], BeforeValidator(_or_nothing)] = Field(default=[], max_length=500)


def parse(answer: str, *, known: frozenset[int], model: str) -> tuple[Summary, int]:
    """Return the summary in an answer, and how many pointers to lines that the model was not shown were dropped.

    `known` are the ids that it may point at. Raises `LlmUnavailable` for an answer that is not what was asked for.
    """
    try:
        read = _Answer.model_validate_json(_json_in(answer))
    except ValidationError:
        raise _useless() from None
    text = " ".join(read.summary.split())
    if not text:
        raise _useless()
    summary = Summary(
        text=text,
        model=model,
        key_points=_points(read.key_points, known),
        decisions=_points(read.decisions, known),
        actions=tuple(
            Action(what=what, who=_named(one.who), when=_named(one.when), segments=_pointers(one.segments, known))
            for one in read.action_items
            if (what := " ".join(one.what.split()))
        ),
    )
    items: list[_Point | _Action] = [*read.key_points, *read.decisions, *read.action_items]
    return summary, sum(pointer not in known for item in items for pointer in item.segments)


def _useless() -> LlmUnavailable:
    return LlmUnavailable(
        "The language model did not write the JSON that it was asked for. A larger LLM_MODEL may, or a server that "
        "enforces `response_format`."
    )


def written(summary: Summary) -> str:
    """Return a summary on one line, in the form in which it was asked for."""
    document = {
        "summary": summary.text,
        "key_points": [{"text": one.text, "segments": list(one.segments)} for one in summary.key_points],
        "decisions": [{"text": one.text, "segments": list(one.segments)} for one in summary.decisions],
        "action_items": [
            {"what": one.what, "who": one.who, "when": one.when, "segments": list(one.segments)}
            for one in summary.actions
        ],
    }
    return json.dumps(document, ensure_ascii=False)


def pointers(summaries: Iterable[Summary]) -> frozenset[int]:
    """Return every segment that some summaries point at."""
    found: set[int] = set()
    for one in summaries:
        for point in (*one.key_points, *one.decisions):
            found.update(point.segments)
        for action in one.actions:
            found.update(action.segments)
    return frozenset(found)


def shortened(summary: Summary, budget: int) -> Summary:
    """Return a summary of at most about `budget` tokens: its last key points go first, what is to be done goes last."""
    while tokens(written(summary)) > budget:
        if summary.key_points:
            summary = replace(summary, key_points=summary.key_points[:-1])
        elif summary.decisions:
            summary = replace(summary, decisions=summary.decisions[:-1])
        elif summary.actions:
            summary = replace(summary, actions=summary.actions[:-1])
        elif len(summary.text) > budget:
            summary = replace(summary, text=summary.text[:budget])
        else:
            break
    return summary


def _json_in(answer: str) -> str:
    """Return what stands between the first and the last brace: models think aloud before it and fence it in."""
    thought = answer.rpartition("</think>")[2]
    return thought[max(0, thought.find("{")) : thought.rfind("}") + 1]


def _points(points: Iterable[_Point], known: frozenset[int]) -> tuple[Point, ...]:
    return tuple(
        Point(text=text, segments=_pointers(one.segments, known))
        for one in points
        if (text := " ".join(one.text.split()))
    )


def _pointers(ids: Iterable[int], known: frozenset[int]) -> tuple[int, ...]:
    return tuple(sorted(known.intersection(ids)))


def _named(text: str | None) -> str | None:
    plain = " ".join((text or "").split())
    return None if plain.casefold() in _NOBODY else plain
