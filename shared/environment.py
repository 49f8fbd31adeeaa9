"""Settings from the environment: what both services share, and how a wrong value is told to a person."""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import StartupError

_MASK = "********"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""Name and password in an address."""


class CommonSettings(BaseSettings):
    """What both services read. Every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Comma separated; a request must carry one as `Authorization: Bearer KEY`. Empty: open to everyone."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged."""
    log_format: Literal["console", "json"] = "console"
    """Coloured lines for people, or one JSON object a line."""
    data_dir: Path = Path("data")
    """Folder for everything that is kept, and for uploads while they are read."""
    max_upload_mb: int = Field(default=1024, ge=1)
    """Megabytes (10^6 bytes) of one request; more is refused with 413."""
    max_audio_seconds: float = Field(default=6 * 3600, gt=0)
    """Seconds of audio in one file; more is refused while it is being decoded."""
    compat_routes: bool = True
    """Whether calls written for earlier systems are answered too; `docs/compatibility.md` lists them."""

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @property
    def keys(self) -> tuple[str, ...]:
        """The API keys in the clear."""
        return tuple(key.get_secret_value() for key in self.api_keys)

    @property
    def max_upload_bytes(self) -> int:
        """Bytes of one request."""
        return self.max_upload_mb * 1_000_000


SettingsT = TypeVar("SettingsT", bound=CommonSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Return the settings of this process, or raise `StartupError` with one line for each wrong value."""
    try:
        return kind()
    except ValidationError as error:
        raise StartupError("\n".join(explain(error))) from None


def explain(error: ValidationError) -> list[str]:
    """Return one line per wrong setting: its name, what was expected, what came (secrets never)."""
    lines = []
    for fault in error.errors():
        name = str(fault["loc"][0]).upper() if fault["loc"] else "settings"
        got = _MASK if name.endswith(("KEY", "KEYS", "TOKEN", "SECRET")) else repr(_shown(fault["input"]))
        lines.append(
            f"{name}: {fault['msg'].removeprefix('Input should be ').removeprefix('Value error, ')}; got {got}"
        )
    return lines


def effective(settings: CommonSettings) -> dict[str, Any]:
    """Return every setting by its environment name, ready for JSON, secrets masked."""
    values = settings.model_dump(mode="json")
    secret = {name for name, value in settings if _is_secret(value)}
    return {name.upper(): (_MASK if name in secret and value else _shown(value)) for name, value in values.items()}


def _shown(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return a value as JSON has it, which knows no infinity, and without the credentials in an address."""
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return _CREDENTIALS.sub(_MASK, value) if isinstance(value, str) else value


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretStr) or (
        isinstance(value, tuple) and any(isinstance(one, SecretStr) for one in value)
    )
