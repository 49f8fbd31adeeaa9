"""A summary with key points, decisions and tasks, by a language model (`batch_worker.pipeline.summary`)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from batch_worker.pipeline.base import Context, Outcome, Setup
from batch_worker.pipeline.draft import Draft, PiiSpan
from batch_worker.pipeline.language_model import LanguageModel
from batch_worker.pipeline.patience import Patience
from batch_worker.pipeline.pii.analyzer import analyzer
from batch_worker.pipeline.pii.finder import Finder
from batch_worker.pipeline.pii.places import spans
from batch_worker.pipeline.summary.asking import Conversation, answer_tokens
from batch_worker.pipeline.summary.lines import tokens
from batch_worker.pipeline.summary.mapreduce import MapReduce
from batch_worker.pipeline.summary.masking import Readable, masked_lines, open_lines, spans_by_segment, unmasked
from batch_worker.pipeline.summary.prompts import Prompts, prompts
from shared.errors import Cancelled, StartupError
from shared.transcript import Segment

_OVERHEAD_TOKENS = 64
"""What a server writes around the messages."""


class Summarize:
    """Asks a language model, part by part where the transcript is long, for what the transcript says."""

    name = "summary"
    optional = True
    cost = 0.02

    def __init__(
        self,
        llm: LanguageModel,
        patience: Patience,
        *,
        finder: Finder | None,
        seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask `llm`, `seconds` long for each question; `finder` None: it sees personal data too."""
        self._llm = llm
        self._patience = patience
        self._finder = finder
        self._seconds = seconds
        self._sleep = sleep

    async def run(self, draft: Draft, context: Context) -> Outcome:
        """Return the draft with a summary; nothing is asked about a transcript without text."""
        text = await asyncio.to_thread(self._readable, draft, context)
        if not text.lines:
            return Outcome(draft=draft, detail={"questions": 0})
        told = prompts(_language(draft, context))
        talk = Conversation(
            llm=self._llm, patience=self._patience, seconds=self._seconds, context=context, sleep=self._sleep
        )
        work = MapReduce(ask=talk.ask, prompts=told, budget=self._budget(told), progress=context.progress)
        summary = await work.summary(text.lines)
        if context.options.pii_mode == "flag":
            summary = unmasked(summary, text.hidden)
        detail = {
            "parts": work.parts, "questions": talk.questions, "faults": talk.faults, "pointers_dropped": talk.dropped,
        }  # fmt: skip
        return Outcome(draft=replace(draft, summary=summary), detail=detail)

    def _budget(self, told: Prompts) -> int:
        context = self._llm.context_tokens
        instructions = max(tokens(told.summarize), tokens(told.merge))
        return context - answer_tokens(context) - instructions - _OVERHEAD_TOKENS

    def _readable(self, draft: Draft, context: Context) -> Readable:
        segments = draft.text().segments
        if self._finder is None:
            return open_lines(segments)
        known = spans_by_segment(segments, draft.pii) if draft.redacted_text is not None else None
        return masked_lines(segments, _found(self._finder, segments, context) if known is None else known)


def _found(finder: Finder, segments: tuple[Segment, ...], context: Context) -> list[list[PiiSpan]]:
    found: list[list[PiiSpan]] = []
    before = ""
    for segment in segments:
        if context.cancelled():
            raise Cancelled("The job was cancelled.")
        hits = finder.find(segment.text, language=segment.language, before=before)
        found.append(list(spans(segment, hits)))
        before = segment.text
    return found


def _language(draft: Draft, context: Context) -> str:
    if context.options.task == "translate":
        return "en"
    return max(draft.languages, key=lambda code: draft.languages[code], default=draft.text().language)


def build(setup: Setup) -> Summarize:
    """Return the stage; raises `StartupError` without a language model, or without what masks personal data."""
    if setup.llm is None:
        raise StartupError(
            "FEATURE_SUMMARY needs a language model: set LLM_URL to an OpenAI-compatible server and LLM_MODEL to one "
            "of its models, or set FEATURE_SUMMARY=false."
        )
    try:
        finder = Finder(shapes=analyzer()) if setup.redact_before_llm else None
    except StartupError as error:
        raise StartupError(
            "FEATURE_SUMMARY masks personal data with the package presidio-analyzer. Run: pip install "
            "presidio-analyzer - or set PII_REDACT_BEFORE_LLM=false or FEATURE_SUMMARY=false."
        ) from error
    return Summarize(setup.llm, setup.patience, finder=finder, seconds=setup.llm_seconds)
