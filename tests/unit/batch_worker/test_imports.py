"""A feature that is off imports nothing of its packages: the service starts as if they were not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

FEATURES = ("retry", "retry_large", "diarization", "lang_detect", "text_processing", "pii", "summary")
PACKAGES = (
    "presidio_analyzer", "presidio_anonymizer", "spacy", "thinc", "tldextract", "phonenumbers", "py3langid",
    "langdetect", "pyannote", "torch", "torchaudio", "lightning", "huggingface_hub", "transformers", "ctranslate2",
    "faster_whisper", "onnxruntime", "openai", "num2words",
)  # fmt: skip
"""What features stand on, and what their packages bring along."""
_START = """
import sys
from batch_worker.app import create_app
from batch_worker.settings import Settings
create_app(Settings(_env_file=None, data_dir=sys.argv[1], **{one: False for one in sys.argv[2].split()}, %s))
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[3].split())))
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("batch_worker.pipeline.stages.")))
"""


def imported(folder: Path, *on: str, **settings: str) -> tuple[set[str], set[str]]:
    """Start the service with some features; return which of the packages and which stages it has imported."""
    wishes = ", ".join([*(f"feature_{name}=True" for name in on), *(f"{name}={it!r}" for name, it in settings.items())])
    off = " ".join(f"feature_{name}" for name in FEATURES if name not in on)
    done = subprocess.run(
        [sys.executable, "-c", _START % wishes, str(folder), off, " ".join(PACKAGES)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    packages, stages = done.stdout.splitlines()
    return set(packages.split()), set(stages.split())


def test_without_features_the_service_imports_none_of_their_packages(tmp_path: Path) -> None:
    """Nor any of their stages."""
    assert imported(tmp_path) == (set(), set())


@pytest.mark.parametrize(
    ("feature", "stage", "settings", "expected"),
    [
        ("retry", "retry", {}, set()),
        ("retry_large", "retry", {}, set()),
        ("lang_detect", "language", {}, {"py3langid"}),
        ("lang_detect", "language", {"language_detector": "langdetect"}, {"langdetect"}),
        ("text_processing", "text", {}, set()),
        ("summary", "summary", {"llm_url": "http://x", "llm_model": "x", "pii_redact_before_llm": "false"}, set()),
    ],
    ids=["retry", "retry_large", "py3langid", "langdetect", "text", "summary that may see personal data"],
)
def test_a_feature_imports_its_own_packages_alone(
    tmp_path: Path, feature: str, stage: str, settings: dict[str, str], expected: set[str]
) -> None:
    """One feature does not pay for another."""
    assert imported(tmp_path, feature, **settings) == (expected, {stage})


def test_personal_data_needs_no_model_and_no_other_feature(tmp_path: Path) -> None:
    """Presidio and what it brings along; nothing that learns or fetches."""
    packages, stages = imported(tmp_path, "pii")
    assert "presidio_analyzer" in packages
    assert packages.isdisjoint({"torch", "transformers", "huggingface_hub", "py3langid", "langdetect"})
    assert stages == {"pii"}
