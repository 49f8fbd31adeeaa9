"""What the worker and the child that listens say to each other: one JSON object a line."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from batch_worker.pipeline.speakers.turns import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The one line that the child reads; the token travels here, where no list of processes shows it."""

    recording: str
    """Path of the file."""
    model: str
    """Folder or hub id of a pyannote pipeline."""
    token: str | None
    """Token of the model hub."""
    min_speakers: int | None
    """At least so many voices."""
    max_speakers: int | None
    """At most so many voices."""
    threads: int
    """Threads to compute with, 1 or more."""
    memory_mb: int
    """Megabytes (10^6 bytes) of memory of its own; 0 for no bound."""
    scratch: str
    """Folder for the decoded audio while it is listened to."""
    parent: int
    """Process id of the worker."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Work went on."""

    fraction: float
    """0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoke:
    """One turn was found."""

    turn: Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """All turns were told."""

    duration: float
    """Seconds of the recording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """It could not be done."""

    code: str
    """As in `faults`."""
    reason: str
    """For the log only: what the library said."""


Reply = Progress | Spoke | Done | Fault


def request_line(request: Request) -> str:
    """Return a request as one line."""
    return json.dumps(asdict(request)) + "\n"


def request_from(line: str) -> Request:
    """Return the request of a line, or raise `ValueError` or `TypeError`."""
    return Request(**json.loads(line))


def reply_line(reply: Reply) -> str:
    """Return a reply as one line."""
    return json.dumps({"type": type(reply).__name__, **asdict(reply)}) + "\n"


def reply_from(line: str | bytes) -> Reply:
    """Return the reply of a line, or raise `ValueError`."""
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = fields.pop("type")
        if kind == Spoke.__name__:
            return Spoke(turn=Turn(**fields["turn"]))
        return {one.__name__: one for one in (Progress, Done, Fault)}[kind](**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no reply of the child: {line[:80]!r}") from error
