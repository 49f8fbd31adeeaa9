"""The api_server's environment, typed; `app` turns it into the option values that the rooms take."""

from typing import Literal

from pydantic import Field

from api_server.engine.base import AudioContext, LoadOptions
from api_server.streaming.values import StreamOptions
from shared.environment import CommonSettings


class Settings(CommonSettings):
    """Every field is an environment variable of the same name in capitals."""

    api_host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all."""
    api_port: int = Field(default=8123, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    wyoming_port: int = Field(default=0, ge=0, le=65535)
    """Port, on `API_HOST`, for Home Assistant by the Wyoming protocol, which knows no keys; 0: off."""
    whisper_model: str = "bundled"
    """`bundled` or the weaker `bundled-pico`, a folder, a size (`small`) or a hub id (`KBLab/kb-whisper-small`)."""
    whisper_retry_model: str = ""
    """Larger model for `POST /transcribe/retry`; empty: the resident one."""
    whisper_device: Literal["cpu", "cuda", "auto"] = "cpu"
    """Where models run."""
    whisper_compute_type: str = "int8"
    """A CTranslate2 compute type."""
    whisper_language: str = "sv"
    """Language when the request names none; `auto` lets the model listen."""
    whisper_threads: int = Field(default=0, ge=0)
    """Threads per decode; 0: one for each core, four at most."""
    model_cache_size: int = Field(default=2, ge=1)
    """Models in memory beside the resident one."""
    model_idle_seconds: float = Field(default=900, ge=0)
    """Seconds without use after which such a model is unloaded."""
    batch_lane: Literal["isolated", "shared"] = "isolated"
    """A second instance at the operating system's idle priority, or turns on the resident one."""
    audio_context: AudioContext = "verified"
    """`full` windows of 30 s, `short` ones, or short ones that are verified."""
    max_connected_clients: int = Field(default=50, ge=1)
    """Live streams at once; one more is told at once to come back."""
    max_queue_seconds: float = Field(default=30, gt=0)
    """A request that would wait longer is told at once to come back."""
    partial_interval: float = Field(default=0.5, ge=0.1, le=10)
    """Seconds of new audio between two unfinished texts of a stream."""
    endpoint_silence: float = Field(default=0.6, ge=0.3, le=5)
    """Seconds of silence that end an utterance of a stream."""
    max_utterance_seconds: float = Field(default=24, ge=5, le=25)
    """Seconds after which an utterance of a stream is cut between two words."""

    def load_options(self) -> LoadOptions:
        """Return how models are loaded."""
        return LoadOptions(
            device=self.whisper_device, compute_type=self.whisper_compute_type, threads=self.whisper_threads
        )

    def language(self) -> str | None:
        """Return the default language, None for `auto`."""
        return None if self.whisper_language == "auto" else self.whisper_language

    def stream_options(self) -> StreamOptions:
        """Return how streams are cut, unless their clients say otherwise."""
        return StreamOptions(
            partial_interval=self.partial_interval,
            endpoint_silence=self.endpoint_silence,
            max_utterance_seconds=self.max_utterance_seconds,
        )
