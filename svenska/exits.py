"""How a command ends: exit codes for shells, and the one exception that carries a sentence for people."""

from enum import IntEnum


class Exit(IntEnum):
    """What `$?` is. The numbers are the contract (docs/command-line.md)."""

    DONE = 0
    """Everything asked for was done."""
    FAILED = 1
    """The work itself failed: a job, a stream, a check of `doctor`."""
    USAGE = 2
    """The command line or a setting cannot be used."""
    INPUT = 3
    """A recording or a field is not one that can be used; sending it again will not help."""
    UNREACHABLE = 4
    """No service answers there, or it broke off, or it failed."""
    UNAUTHORIZED = 5
    """The API key is missing or wrong."""
    NOT_FOUND = 6
    """No such job or model, or not any more."""
    NOT_NOW = 7
    """Busy, full, loading, or not in the state for it; later it may do."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Failure(Exception):
    """Ends a command, or one of its files."""

    def __init__(
        self, sentence: str, *, code: str, exit_code: Exit, retry_after: float | None = None, **values: object
    ) -> None:
        """Keep an English sentence, with `{values}` to be filled in after it is translated.

        `code` is stable and snake_case, the services' own where the failure is theirs; `retry_after` is the seconds
        after which a service wants to be asked again.
        """
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.values = values
        self.code = code
        self.exit_code = exit_code
        self.retry_after = retry_after


_BY_CODE = {
    "unauthorized": Exit.UNAUTHORIZED,
    "not_found": Exit.NOT_FOUND,
    "model_not_found": Exit.NOT_FOUND,
    "expired": Exit.NOT_FOUND,
    "conflict": Exit.NOT_NOW,
    "busy": Exit.NOT_NOW,
    "queue_full": Exit.NOT_NOW,
    "too_many_sessions": Exit.NOT_NOW,
    "model_loading": Exit.NOT_NOW,
    "storage_full": Exit.NOT_NOW,
    "invalid_parameter": Exit.INPUT,
    "missing_file": Exit.INPUT,
    "empty_audio": Exit.INPUT,
    "unsupported_audio": Exit.INPUT,
    "upload_too_large": Exit.INPUT,
    "audio_too_long": Exit.INPUT,
}
_CLIENT_ERRORS = range(400, 500)


def exit_for(code: str, status: int = 500) -> Exit:
    """Return how a command ends that was refused with this code of `shared.errors` or, unknown, this HTTP status."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    return Exit.INPUT if status in _CLIENT_ERRORS else Exit.UNREACHABLE
