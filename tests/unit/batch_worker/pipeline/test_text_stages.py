"""The stages confidence, language, text and pii: what they add to a draft, and what they import."""

import asyncio
import subprocess
import sys

import pytest

from batch_worker.pipeline.base import Context, Setup
from batch_worker.pipeline.build import Stages
from batch_worker.pipeline.doubts import doubts, looped, trusted
from batch_worker.pipeline.draft import Draft
from batch_worker.pipeline.options import JobOptions
from shared.errors import Cancelled, StartupError
from shared.transcript import Transcript, Word, join_text
from tests.unit.batch_worker.pipeline.test_itn import segment

_STAGES = ("confidence", "language", "text", "pii")


@pytest.fixture(scope="module")
def stages():
    """All stages, built once."""
    return Stages(Setup(asr=None))


def draft(*texts: str) -> Draft:
    """Return a draft of some segments, ten seconds each."""
    length = 10.0 * len(texts)
    segments = tuple(
        segment(text, id=index, start=index * 10.0, end=index * 10.0 + 9) for index, text in enumerate(texts)
    )
    return Draft(
        transcript=Transcript(
            text=join_text(segments), language="sv", language_probability=1.0, duration=length,
            duration_after_vad=length, model="x", processing_seconds=0.0, queue_seconds=0.0, segments=segments,
        )
    )  # fmt: skip


def context(*, cancelled: bool = False, mode: str = "mask") -> Context:
    """Return the context of a job."""
    options = JobOptions(pii_mode=mode)
    return Context(job_id="j", recording=None, language=None, options=options, cancelled=lambda: cancelled)


def fold(stages: Stages, start: Draft, **more: object) -> Draft:
    """Run the four stages in order."""
    for name in _STAGES:
        start = asyncio.run(stages.get(name).run(start, context(**more))).draft
    return start


def test_spoken_data_is_written_found_and_masked(stages: Stages):
    """Text comes before pii: a spoken personnummer is written, found with its seconds, and masked."""
    done = fold(stages, draft("öh mitt personnummer är åttioett tolv arton nio åtta sju sex", "Jag heter Anna Berg."))
    assert done.transcript.text == "Mitt personnummer är 811218-9876 Jag heter Anna Berg."
    assert [(span.type, span.segment, span.text) for span in done.pii] == [
        ("SE_PERSONNUMMER", 0, "811218-9876"),
        ("PERSON", 1, "Anna Berg"),
    ]
    assert 0 <= done.pii[0].start_time < done.pii[0].end_time <= 9 < done.pii[1].start_time
    assert done.redacted_text == "Mitt personnummer är [PERSONNUMMER] Jag heter [PERSON]."
    assert done.languages == {"sv": 1.0}


@pytest.mark.parametrize(
    "texts", [(), ("",), ("🙂🙂 🙂",), ("مرحبا بالعالم كيف الحال",), ("Anna Berg. " * 10_000,), ("hej " * 20_000,)]
)
def test_odd_transcripts_go_through(stages: Stages, texts: tuple[str, ...]):
    """Nothing, emoji, right-to-left text, ten thousand hits and loops come out of every stage."""
    done = fold(stages, draft(*texts))
    assert len(done.transcript.segments) == len(texts)
    if texts and texts[0].startswith("Anna"):
        assert done.redacted_text.startswith("[PERSON]")


@pytest.mark.parametrize("name", ["language", "text", "pii"])
def test_a_cancelled_job_stops_in_the_middle(stages: Stages, name: str):
    """A stage looks at every segment whether it should stop."""
    with pytest.raises(Cancelled):
        asyncio.run(stages.get(name).run(draft("Hej på dig du"), context(cancelled=True)))


def test_details_hold_no_transcript_text(stages: Stages):
    """What goes to logs and metrics are counts and names."""
    for name in _STAGES:
        outcome = asyncio.run(stages.get(name).run(draft("Jag heter Anna Berg, öh, tjugofem."), context()))
        assert "Anna" not in str(outcome.detail)
        assert "25" not in str(outcome.detail)


def test_doubtful_segments_are_listed_with_the_plainest_reason():
    """Each cause has its own reason; sure segments and empty ones are not listed."""
    found = doubts(
        [
            segment("bra", confidence=0.9),
            segment("", id=1, confidence=0.1),
            segment("tack tack tack tack tack tack tack", id=2, confidence=0.1),
            segment("mm", id=3, confidence=0.1, no_speech_prob=0.9),
            segment("va", (Word(start=0.0, end=1.0, word="va", probability=0.1),), id=4, confidence=0.1),
            segment("oklart", id=5, confidence=0.1),
        ],
        0.5,
    )
    reasons = {doubt.segment: doubt.reason for doubt in found}
    assert reasons == {2: "repetition", 3: "no_speech", 4: "doubtful_words", 5: "low_probability"}


def test_confidence_takes_words_and_loops_in():
    """Doubtful words lower it, sure ones do not raise it above 1, and a text of one loop is worth nothing."""
    sure, doubtful = (
        segment("ja", (Word(start=0.0, end=1.0, word="ja", probability=probability),)) for probability in (1.0, 0.2)
    )
    assert 0.9 <= trusted(sure) <= 1.0
    assert trusted(doubtful) < 0.5
    assert trusted(segment("ja ja ja ja ja ja ja ja")) == 0.0
    assert looped("ett två tre fyra fem sex sju") == 0.0


def _imports(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)


def test_features_that_are_off_import_nothing():
    """Building only the stages that are always on imports no package of the others."""
    code = (
        "import sys; from batch_worker.pipeline.base import Setup; from batch_worker.pipeline.build import Stages;"
        "stages = Stages(Setup(asr=None)); stages.get('transcribe'); stages.get('confidence'); stages.get('text');"
        "heavy = {'presidio_analyzer', 'spacy', 'py3langid', 'langdetect', 'tldextract'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert _imports(code).stdout.strip() == "[]"


@pytest.mark.parametrize(("stage", "package"), [("pii", "presidio_analyzer"), ("language", "py3langid.langid")])
def test_a_missing_package_stops_the_start_with_the_command(stage: str, package: str, monkeypatch: pytest.MonkeyPatch):
    """Without its package a stage says at start what to install and which setting switches it off."""
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "batch_worker.pipeline.pii.presidio", raising=False)
    with pytest.raises(StartupError, match=r"pip install .* FEATURE_\w+=false"):
        Stages(Setup(asr=None)).get(stage)


def test_analysis_never_opens_a_connection():
    """No name is resolved while addresses are found, whatever the libraries would like to fetch."""
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from batch_worker.pipeline.pii.analyzer import analyzer\n"
        "print(len(analyzer()('Mejla anna@bolaget.se eller www.exempel.se', ())) >= 2)\n"
    )
    assert _imports(code).stdout.strip() == "True"
