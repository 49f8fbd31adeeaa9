"""What a caller may choose for one job, checked once at the door."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import InvalidParameter

PiiMode = Literal["flag", "mask", "pseudonymize"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOptions:
    """The `options` of `POST /jobs`; None leaves a choice to the services' settings."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    task: Literal["transcribe", "translate"] = "transcribe"
    """`translate` writes English."""
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A model that the api_server may serve."""
    prompt: Annotated[str, Field(max_length=4_000)] | None = None
    """Text that the model is to take as having come before."""
    hotwords: Annotated[str, Field(max_length=4_000)] | None = None
    """Words to be expected."""
    word_timestamps: bool = False
    """Whether segments carry words with times."""
    vad_filter: bool = True
    """Whether silence is cut out before decoding."""
    beam_size: Annotated[int, Field(ge=1, le=20)] | None = None
    """1 is greedy."""
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    """Sampling temperature; None lets the api_server fall back step by step."""
    pii_mode: PiiMode = "mask"
    """What `redacted_text` does with personal data."""
    min_speakers: Annotated[int, Field(ge=1, le=50)] | None = None
    """At least so many voices."""
    max_speakers: Annotated[int, Field(ge=1, le=50)] | None = None
    """At most so many voices."""


_options = TypeAdapter(JobOptions)


def parse_options(document: dict[str, Any]) -> JobOptions:
    """Return the options of a JSON object, or raise `InvalidParameter` that names the first wrong one."""
    try:
        options = _options.validate_json(json.dumps(document))  # in Python mode, strict takes no dictionary
    except ValidationError as error:
        raise _explained(error) from None
    low, high = options.min_speakers, options.max_speakers
    if low is not None and high is not None and low > high:
        raise InvalidParameter("options.min_speakers", expected=f"at most max_speakers, {high}", got=low)
    return options


def options_to_json(options: JobOptions) -> dict[str, Any]:
    """Return the options as JSON-ready values that `parse_options` takes."""
    document: dict[str, Any] = _options.dump_python(options, mode="json", exclude_none=True)
    return document


def _explained(error: ValidationError) -> InvalidParameter:
    fault = error.errors()[0]
    name = ".".join(["options", *(str(part) for part in fault["loc"])])
    if fault["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        known = ", ".join(JobOptions.__dataclass_fields__)
        return InvalidParameter(name, expected=f"one of {known}", got=fault["loc"][-1])
    return InvalidParameter(name, expected=fault["msg"].removeprefix("Input should be "), got=fault["input"])
