"""One question, asked until its answer can be used, the tries are used up or the time is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from batch_worker.pipeline.base import Context
from batch_worker.pipeline.draft import Summary
from batch_worker.pipeline.language_model import LanguageModel, LlmRefused, Question
from batch_worker.pipeline.patience import Forbearance, Patience
from batch_worker.pipeline.summary.notes import SCHEMA, parse
from shared.errors import Cancelled, LlmUnavailable, SvenskaError, Timeout, TryLater, Upstream

log = structlog.stdlib.get_logger("summary")

_LONGEST_ANSWER = 4096
_SHORTEST_ANSWER = 128


def answer_tokens(context_tokens: int) -> int:
    """Return how much of what a model can read at once is kept for its answer: a quarter, within limits."""
    return max(_SHORTEST_ANSWER, min(_LONGEST_ANSWER, context_tokens // 4))


@dataclass(kw_only=True, slots=True)
class Conversation:
    """The questions about one job."""

    llm: LanguageModel
    """Who is asked."""
    patience: Patience
    """How its faults are borne."""
    seconds: float
    """Longest time for one question, all its tries and the waits between them included."""
    context: Context
    """The job."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits so many seconds."""
    questions: int = 0
    """Asked so far, tries of the same one not counted."""
    faults: int = 0
    """Tries that failed."""
    dropped: int = 0
    """Pointers that led nowhere."""

    async def ask(self, instructions: str, material: str, known: frozenset[int]) -> Summary:
        """Return the summary that answers a question; it points at ids in `known` alone.

        Raises `LlmUnavailable` (its kinds `LlmRefused` and `ContextExceeded` at once), `Timeout` and `Cancelled`.
        """
        self.questions += 1
        question = Question(
            instructions=instructions,
            material=material,
            schema=SCHEMA,
            answer_tokens=answer_tokens(self.llm.context_tokens),
        )
        try:
            async with asyncio.timeout(self.seconds):
                return await self._patiently(question, known)
        except TimeoutError:
            raise Timeout(
                f"The language model gave no usable answer within {self.seconds:.0f} seconds: see that LLM_URL is "
                "alive, or raise LLM_TIMEOUT."
            ) from None

    async def _patiently(self, question: Question, known: frozenset[int]) -> Summary:
        forbearance = Forbearance(self.patience)
        while True:
            if self.context.cancelled():
                raise Cancelled("The job was cancelled.")
            try:
                summary, dropped = parse(await self.llm.answer(question), known=known, model=self.llm.name)
            except LlmRefused:
                raise
            except (Upstream, TryLater) as fault:
                self.faults += 1
                log.warning("the language model failed", job_id=self.context.job_id, code=fault.code, fault=self.faults)
                pause = forbearance.pause(fault)
                if pause is None or pause > self.seconds:
                    raise _given_up(fault) from None
                await self.sleep(pause)
            else:
                self.dropped += dropped
                return summary


def _given_up(fault: SvenskaError) -> SvenskaError:
    if isinstance(fault, TryLater):
        return LlmUnavailable(f"{fault.message} Give it more room, or ask it less often.")
    return fault
