"""The batch_worker's environment, typed; `app` turns it into the option values that the rooms take."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from shared.environment import CommonSettings


class Settings(CommonSettings):
    """Every field is an environment variable of the same name in capitals."""

    batch_host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all."""
    batch_port: int = Field(default=8400, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    whisper_api_url: Annotated[tuple[str, ...], NoDecode] = Field(default=("http://127.0.0.1:8123",), min_length=1)
    """The api_server, or several, comma separated: the one with the least to do is asked first."""
    whisper_retry_url: Annotated[tuple[str, ...], NoDecode] = ()
    """Who decodes doubtful passages again; empty: the same."""
    whisper_api_key: SecretStr = SecretStr("")
    """The key that the api_server asks for; empty: the first of `API_KEYS`."""
    http_timeout: float = Field(default=60, gt=0)
    """Seconds without a byte after which another server has failed; a second hearing has ten more for each it hears."""
    http_retries: int = Field(default=3, ge=0)
    """Tries after the first one, without progress between them; twice as many of a server that dies meanwhile."""
    http_retry_backoff: float = Field(default=1.0, gt=0)
    """Seconds before the first of them, doubled each time, with jitter."""
    outage_seconds: float = Field(default=600, ge=0)
    """Seconds for which a job waits for an api_server that cannot be reached; only then these tries begin to count."""
    max_concurrent_jobs: int = Field(default=1, ge=1)
    """Jobs at once."""
    max_queue_size: int = Field(default=1000, ge=1)
    """Jobs that may wait; one more is refused with 429."""
    queue_order: Literal["fifo", "lifo"] = "fifo"
    """Who goes first among jobs of equal priority."""
    worker_timeout: float = Field(default=24 * 3600, gt=0)
    """Seconds that one job may take."""
    lease_seconds: float = Field(default=30, ge=1)
    """Seconds after which a worker that gives no sign of life has lost its job."""
    poison_restarts: int = Field(default=3, ge=1)
    """A job that takes its worker process down so many times without any progress has failed."""
    grace_seconds: float = Field(default=20, ge=0)
    """Seconds that running jobs have to finish when the service is told to stop; then they are handed back."""
    retention_hours: float = Field(default=720, gt=0)
    """Hours after its end for which a job and its result are kept."""
    keep_audio: bool = True
    """Whether recordings are kept as long as their jobs; false removes each as soon as its job is completed."""
    database_url: str = ""
    """Empty: SQLite in `DATA_DIR`; or `sqlite:///PATH`."""
    confidence_threshold: float = Field(default=0.5, ge=0, le=1)
    """Segments below it are doubtful."""
    feature_retry: bool = True
    """Hear doubtful passages again."""
    feature_retry_large: bool = False
    """Hear them with the larger model, `WHISPER_RETRY_MODEL` of the api_server."""
    feature_diarization: bool = False
    """Tell speakers apart."""
    feature_lang_detect: bool = True
    """Mark each segment with its language."""
    feature_text_processing: bool = True
    """Write numbers, times and addresses as people write them."""
    feature_pii: bool = True
    """Find personal data, and mask it in `redacted_text`."""
    feature_summary: bool = False
    """Let a language model summarize."""
    language_detector: Literal["py3langid", "langdetect"] = "py3langid"
    """Which package tells languages apart."""
    languages: Annotated[tuple[str, ...], NoDecode] = ("sv", "en", "no", "da", "fi", "de", "ru")
    """ISO 639-1 codes to choose from, comma separated."""
    hf_token: SecretStr = SecretStr("")
    """Token of the model hub, for diarization."""
    diarization_model: str = "pyannote/speaker-diarization-community-1"
    """A folder or a hub id."""
    diarization_python: str = ""
    """Python of the environment that has pyannote.audio; empty: the service's own."""
    diarization_threads: int = Field(default=1, ge=1)
    """Threads that diarization computes with; more only help on cores that nobody else uses."""
    diarization_memory_mb: int = Field(default=0, ge=0)
    """Megabytes (10^6 bytes) that its process may take; 0: no bound."""
    diarization_timeout: float = Field(default=900, gt=0)
    """Seconds without progress after which it has failed."""
    llm_url: str = ""
    """An OpenAI-compatible server, `http://host:port/v1`."""
    llm_model: str = ""
    """What that server calls its model."""
    llm_api_key: SecretStr = SecretStr("")
    """The key that it asks for."""
    llm_context_tokens: int = Field(default=8192, ge=512)
    """How much it can read at once; longer transcripts are summarized in parts."""
    llm_timeout: float = Field(default=600, gt=0)
    """Seconds that one question to it may take, all tries together; a long transcript is several questions."""
    pii_redact_before_llm: bool = True
    """Whether the language model only sees the masked text."""
    webhook_secret: SecretStr = SecretStr("")
    """Signs webhooks."""
    webhook_allow_private: bool = False
    """Whether webhooks may go to loopback, link-local and private addresses."""

    @field_validator("whisper_api_url", "whisper_retry_url", "languages", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("whisper_api_url", "whisper_retry_url")
    @classmethod
    def _urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [url for url in value if not url.startswith(("http://", "https://"))]
        if wrong:
            raise ValueError("URLs that begin with http:// or https://, comma separated")
        return tuple(url.rstrip("/") for url in value)

    @field_validator("llm_url")
    @classmethod
    def _llm_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("a URL that begins with http:// or https://")
        return value.rstrip("/")

    @property
    def asr_key(self) -> str | None:
        """The key for the api_server, None where it asks for none."""
        return self.whisper_api_key.get_secret_value() or next(iter(self.keys), None)
