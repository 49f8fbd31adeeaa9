"""The summary stage: what it asks, what it adds to a draft, how it bears a language model's faults."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.build import Stages
from batch_worker.pipeline.draft import Action, Draft, PiiSpan, Point
from batch_worker.pipeline.language_model import ContextExceeded, LlmRefused, Question
from batch_worker.pipeline.options import JobOptions
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.runner import StageRecord, run_stages
from shared.errors import Busy, Cancelled, LlmUnavailable, StartupError, SvenskaError, Timeout
from tests.unit.batch_worker.pipeline.test_text_stages import context, draft

SAID = ("Jag heter Anna Berg.", "Anna ska ringa 811218-9876 på fredag.")
ANSWER = {
    "summary": "[PERSON_1] presenterar sig.",
    "key_points": [{"text": "Ett samtal.", "segments": [0, 7]}],
    "decisions": [],
    "action_items": [{"what": "ringa", "who": "[PERSON_1]", "when": "fredag", "segments": [1]}],
}
Said = object
"""What a fake says: a text, an error, or the JSON of an object."""


class FakeModel:
    """A language model that says one thing after the other, the last one for ever."""

    name = "låtsas"

    def __init__(self, *says: Said, context_tokens: int = 8192) -> None:
        self.context_tokens = context_tokens
        self.asked: list[Question] = []
        self._says = list(says) or [ANSWER]

    async def answer(self, question: Question) -> str:
        self.asked.append(question)
        said = self._says.pop(0) if len(self._says) > 1 else self._says[0]
        if isinstance(said, BaseException):
            raise said
        if said == "hang":
            await asyncio.Event().wait()
        return said if isinstance(said, str) else json.dumps(said)


class Waits:
    """Takes note of waits instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def run(
    model: FakeModel,
    start: Draft,
    where: Context | None = None,
    *,
    redact: bool = True,
    seconds: float = 600.0,
    waits: Waits | None = None,
    patience: Patience = Patience(retries=2, backoff=0.01),  # noqa: B008 - a value
) -> Outcome:
    """Run the stage once; it never really waits."""
    setup = Setup(asr=None, llm=model, patience=patience, redact_before_llm=redact, llm_seconds=seconds)
    stage = Stages(setup).get("summary")
    stage._sleep = waits or Waits()
    return asyncio.run(stage.run(start, where or context()))


# --- what it adds


def test_a_summary_has_structure_and_points_at_segments():
    """Text, key points, decisions, tasks, the model's name; pointers to what is not there are gone."""
    outcome = run(FakeModel(), draft(*SAID))
    summary = outcome.draft.summary
    assert (summary.text, summary.model) == ("[PERSON_1] presenterar sig.", "låtsas")
    assert summary.key_points == (Point(text="Ett samtal.", segments=(0,)),)
    assert summary.actions == (Action(what="ringa", who="[PERSON_1]", when="fredag", segments=(1,)),)
    assert outcome.detail == {"parts": 1, "questions": 1, "faults": 0, "pointers_dropped": 1}


@pytest.mark.parametrize("texts", [(), ("",), ("  ", "\n")])
def test_nobody_is_asked_about_nothing(texts: tuple[str, ...]):
    """An empty transcript has no summary."""
    model = FakeModel()
    outcome = run(model, draft(*texts))
    assert (outcome.draft.summary, model.asked) == (None, [])


@pytest.mark.parametrize(
    "text", ["å", "🙂🙂 👩‍👩‍👧", "مرحبا بالعالم كيف الحال", "hej " * 20_000, "Anna Berg. " * 10_000]
)
def test_odd_transcripts_are_summarized(text: str):
    """One sound, emoji, right-to-left text, a loop, ten thousand names: every question fits."""
    model = FakeModel()
    assert run(model, draft(text)).draft.summary.text
    for question in model.asked:
        size = len((question.instructions + question.material).encode()) / 2.5 + question.answer_tokens
        assert size <= model.context_tokens


def test_three_hours_through_a_small_model_are_parts_of_one_size():
    """3,000 segments through 2,048 tokens: every segment is read exactly once."""
    model = FakeModel(context_tokens=2048)
    outcome = run(model, draft(*["Vi talar om budgeten för nästa år och om vem som gör vad."] * 3_000))
    numbers = [
        line.split("]")[0] for question in model.asked if "utskriften" in question.instructions
        for line in question.material.splitlines()
    ]  # fmt: skip
    assert numbers == [f"[{place}" for place in range(3_000)]
    assert outcome.detail["questions"] > outcome.detail["parts"] > 10


# --- languages


@pytest.mark.parametrize(
    ("language", "shares", "task", "expected"),
    [
        ("sv", {}, "transcribe", "Svara på svenska"),
        ("en", {}, "transcribe", "Answer in English"),
        ("sv", {"en": 0.8, "sv": 0.2}, "transcribe", "Answer in English"),
        ("sv", {"sv": 1.0}, "translate", "Answer in English"),
        ("fi", {}, "transcribe", "(fi)"),
    ],
)
def test_it_is_written_in_the_language_that_is_spoken(
    language: str, shares: dict[str, float], task: str, expected: str
):
    """By the language stage where it has run, else by the recognizer; a translation is English."""
    start = draft(*SAID)
    start = replace(start, transcript=replace(start.transcript, language=language), languages=shares)
    model = FakeModel()
    run(model, start, Context(job_id="j", recording=None, language=None, options=JobOptions(task=task)))
    assert expected in model.asked[0].instructions


# --- personal data


def test_the_model_sees_no_personal_data_where_pii_did_not_run():
    """It is looked for here."""
    model = FakeModel()
    run(model, draft(*SAID))
    assert model.asked[0].material == "[0] Jag heter [PERSON_1].\n[1] [PERSON_1] ska ringa [PERSONNUMMER_1] på fredag."


def test_what_the_pii_stage_found_is_used():
    """Also what this stage would not find again."""
    span = PiiSpan(type="PERSON", start=0, end=5, segment=0, text="Zorgx", score=1.0, start_time=0.0, end_time=1.0)
    model = FakeModel()
    run(model, replace(draft("Zorgx ringer."), pii=(span,), redacted_text="[PERSON] ringer."))
    assert model.asked[0].material == "[0] [PERSON_1] ringer."


def test_segments_that_share_an_id_are_masked_each_by_itself():
    """A transcript that was handed in may be numbered anyhow; nothing slips through."""
    start = draft("Jag heter Anna Berg.", "Mitt personnummer är 811218-9876.")
    same = tuple(replace(one, id=0) for one in start.transcript.segments)
    model = FakeModel()
    run(model, replace(start, transcript=replace(start.transcript, segments=same), redacted_text=""))
    assert "Anna" not in model.asked[0].material
    assert "9876" not in model.asked[0].material


def test_the_operator_may_show_it_everything():
    """`PII_REDACT_BEFORE_LLM=false`: its own server in its own house."""
    model = FakeModel()
    run(model, draft(*SAID), redact=False)
    assert "Anna Berg" in model.asked[0].material


@pytest.mark.parametrize(
    ("mode", "who"), [("mask", "[PERSON_1]"), ("pseudonymize", "[PERSON_1]"), ("flag", "Anna Berg")]
)
def test_names_come_back_only_where_the_job_does_not_mask(mode: str, who: str):
    """The model never sees them either way."""
    model = FakeModel()
    summary = run(model, draft(*SAID), context(mode=mode)).draft.summary
    assert summary.actions[0].who == who
    assert "Anna" not in model.asked[0].material


# --- faults


@pytest.mark.parametrize(
    "fault",
    [LlmUnavailable("x"), Timeout("x"), Busy("x", retry_after=3), "no JSON", {"summary": ""}],
    ids=["unavailable", "timeout", "busy", "no JSON", "empty summary"],
)
def test_a_fault_that_passes_costs_a_try(fault: Said):
    """And nothing else."""
    outcome = run(FakeModel(fault, fault, ANSWER), draft(*SAID))
    assert outcome.draft.summary is not None
    assert outcome.detail["faults"] == 2


@pytest.mark.parametrize(
    ("fault", "code", "tries"),
    [
        (LlmUnavailable("x"), "llm_unavailable", 3),
        (Timeout("x"), "timeout", 3),
        (Busy("x"), "llm_unavailable", 3),
        ("no JSON", "llm_unavailable", 3),
        (LlmRefused("x"), "llm_unavailable", 1),
        (ContextExceeded("x"), "llm_unavailable", 1),
        (Busy("x", retry_after=601), "llm_unavailable", 1),
    ],
    ids=["unavailable", "timeout", "busy", "no JSON", "refused", "too long", "busy for long"],
)
def test_a_fault_that_stays_is_given_up(fault: Said, code: str, tries: int):
    """After its tries, or at once where another one makes no sense."""
    model = FakeModel(fault)
    with pytest.raises(SvenskaError) as caught:
        run(model, draft("Hej på dig."))
    assert (caught.value.code, len(model.asked)) == (code, tries)


def test_a_busy_server_is_waited_for():
    """It is there and says so, for as long as outages are borne; one that loads its model needs a minute."""
    busy = [Busy("x", retry_after=1)] * 9
    waits = Waits()
    patience = Patience(retries=2, backoff=0.01, outage=600)
    outcome = run(FakeModel(*busy, ANSWER), draft(*SAID), waits=waits, patience=patience)
    assert (outcome.detail["faults"], len(waits.seconds)) == (9, 9)


def test_waits_grow_with_jitter_and_obey_the_server():
    """At least what a busy server asks for."""
    waits = Waits()
    run(FakeModel(Busy("x", retry_after=7), LlmUnavailable("x"), ANSWER), draft(*SAID), waits=waits)
    assert 7 <= waits.seconds[0] <= 7.01
    assert 0 <= waits.seconds[1] <= 0.02


def test_a_model_that_hangs_is_left():
    """The bound holds for all tries of a question together."""
    with pytest.raises(Timeout, match="LLM_TIMEOUT"):
        run(FakeModel("hang"), draft(*SAID), seconds=0.05)


def test_a_cancelled_job_asks_nothing_more():
    """Neither while data is masked nor between two questions."""
    model = FakeModel()
    with pytest.raises(Cancelled):
        run(model, draft(*SAID), context(cancelled=True))
    with pytest.raises(Cancelled):
        run(model, draft(*SAID), context(cancelled=True), redact=False)
    assert model.asked == []


def test_its_failure_is_a_warning_of_the_job():
    """Everything that the other stages made stays; the warning names stage, code and remedy."""

    class Steps:
        async def started(self, stage: str) -> None:
            pass

        async def finished(self, record: StageRecord, draft: Draft) -> None:
            assert record.status == "failed"

    setup = Setup(asr=None, llm=FakeModel(LlmRefused("Set LLM_API_KEY.")), patience=Patience(retries=0))
    start = draft(*SAID)
    stages = [Stages(setup).get("summary")]
    done = asyncio.run(run_stages(stages, start, finished=(), context=lambda _: context(), recorder=Steps()))
    assert (done.transcript, done.summary) == (start.transcript, None)
    assert [(one.stage, one.code, one.message) for one in done.warnings] == [
        ("summary", "llm_unavailable", "Set LLM_API_KEY.")
    ]


@pytest.mark.parametrize("answer", [ANSWER, "Anna Berg säger nej", LlmUnavailable("x")], ids=["good", "bad", "fault"])
def test_logs_and_details_hold_no_word_that_was_said(answer: Said):
    """Neither the transcript nor the answer, masked or not."""
    with capture_logs() as logs:
        try:
            shown = str(run(FakeModel(answer), draft(*SAID), redact=False).detail)
        except SvenskaError as error:
            shown = error.message
    for word in ("Anna", "Berg", "9876", "presenterar", "ringa"):
        assert word not in f"{logs}{shown}"


# --- start


def test_without_a_language_model_the_start_says_what_to_set():
    """Two settings, or the switch."""
    with pytest.raises(StartupError, match=r"LLM_URL.*LLM_MODEL.*FEATURE_SUMMARY=false"):
        Stages(Setup(asr=None)).get("summary")


def test_without_presidio_the_start_says_so_unless_nothing_is_masked(monkeypatch: pytest.MonkeyPatch):
    """Nothing is sent in the clear because a package is missing."""
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    monkeypatch.delitem(sys.modules, "batch_worker.pipeline.pii.presidio", raising=False)
    setup = Setup(asr=None, llm=FakeModel())
    with pytest.raises(StartupError, match=r"pip install presidio-analyzer .*PII_REDACT_BEFORE_LLM=false"):
        Stages(setup).get("summary")
    Stages(replace(setup, redact_before_llm=False)).get("summary")


def _loaded(code: str) -> list[str]:
    ends = "print(*(name for name in sys.modules if 'summary' in name or name.startswith(('presidio', 'spacy'))))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; {ends}"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_service_without_summaries_imports_none_of_it(tmp_path: Path):
    """Neither its core nor what masks, even where LLM_URL is set."""
    code = (
        "from batch_worker.app import create_app; from batch_worker.settings import Settings;"
        f"create_app(Settings(_env_file=None, data_dir={str(tmp_path)!r}, feature_pii=False, llm_url='http://h', "
        "llm_model='m'))"
    )
    assert _loaded(code) == []


def test_one_that_masks_nothing_imports_no_recognizer():
    """Only what is used is loaded."""
    build: Callable[[str], str] = lambda masks: (  # noqa: E731 - one expression
        "from batch_worker.pipeline.base import Setup; from batch_worker.pipeline.build import Stages;"
        f"Stages(Setup(asr=None, llm=object(), redact_before_llm={masks})).get('summary')"
    )
    assert not [name for name in _loaded(build("False")) if name.startswith("presidio")]
    assert [name for name in _loaded(build("True")) if name.startswith("presidio_analyzer")]
