import json
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from shared.environment import CommonSettings, effective, load
from shared.errors import StartupError


class Settings(CommonSettings):
    port: int = Field(default=1, ge=0)
    hf_token: SecretStr = SecretStr("")
    server: str = ""


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults_need_no_environment() -> None:
    """Open to everyone, readable logs, a gigabyte, six hours."""
    settings = load(Settings)
    assert settings.keys == ()
    assert settings.max_upload_bytes == 1024 * 1_000_000
    assert settings.max_audio_seconds == 6 * 3600


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` in the working folder is read, empty lines count as unset, a variable overrides it."""
    (tmp_path / ".env").write_text("PORT=7\nMAX_UPLOAD_MB=5\nMAX_AUDIO_SECONDS=\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "8")
    settings = load(Settings)
    assert (settings.port, settings.max_upload_bytes, settings.max_audio_seconds) == (8, 5_000_000, 6 * 3600)


def test_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces and empty parts do not count."""
    monkeypatch.setenv("API_KEYS", " one, two ,,")
    assert load(Settings).keys == ("one", "two")


def test_levels_may_be_shouted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`LOG_LEVEL=INFO` is what people write."""
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    assert load(Settings).log_level == "warning"


def test_every_wrong_value_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, what was expected, what came."""
    monkeypatch.setenv("PORT", "-1")
    monkeypatch.setenv("MAX_UPLOAD_MB", "many")
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(StartupError) as refused:
        load(Settings)
    lines = dict(line.split(":", 1) for line in refused.value.message.splitlines())
    assert set(lines) == {"PORT", "MAX_UPLOAD_MB", "LOG_FORMAT"}
    assert "greater than or equal to 0; got '-1'" in lines["PORT"]
    assert "'console' or 'json'; got 'xml'" in lines["LOG_FORMAT"]


def test_secrets_stay_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """`GET /config` shows that a secret is set, and no more; nothing set is shown as nothing."""
    monkeypatch.setenv("API_KEYS", "hush1,hush2")
    shown = effective(load(Settings))
    assert "hush" not in str(shown)
    assert shown["API_KEYS"] == "********"
    assert shown["PORT"] == 1
    assert not shown["HF_TOKEN"] or shown["HF_TOKEN"] == "********"


def test_credentials_in_an_address_stay_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `GET /config` nor the refusal of a wrong value shows them; the rest of the address is shown."""
    monkeypatch.setenv("SERVER", "https://me:hush@host/v1")
    assert effective(load(Settings))["SERVER"] == "https://********@host/v1"
    monkeypatch.setenv("PORT", "https://me:hush@host")
    with pytest.raises(StartupError, match=r"got 'https://\*+@host'"):
        load(Settings)


def test_no_limit_is_a_limit_that_json_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Infinity is a number to Python and none to JSON."""
    monkeypatch.setenv("MAX_AUDIO_SECONDS", "inf")
    assert json.loads(json.dumps(effective(load(Settings)), allow_nan=False))["MAX_AUDIO_SECONDS"] == "inf"
