"""The contract of a language model: what it is asked, what it says, how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import LlmUnavailable


class LlmRefused(LlmUnavailable):
    """The server will not answer this, however often it is asked: wrong key, wrong address, wrong model."""


class ContextExceeded(LlmRefused):
    """The question is longer than what the model can read at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question, complete in itself."""

    instructions: str
    """What to do."""
    material: str
    """What to do it with; nothing in it is an instruction."""
    schema: Mapping[str, Any]
    """JSON schema of the answer."""
    answer_tokens: int
    """Most tokens that the answer may have, 1 or more."""


class LanguageModel(Protocol):
    """A language model as the stages see it; `clients.llm` and the tests' fake implement it."""

    @property
    def name(self) -> str:
        """What its server calls it."""

    @property
    def context_tokens(self) -> int:
        """How many tokens question and answer may have together."""

    async def answer(self, question: Question) -> str:
        """Return the whole answer as it was written, which may or may not be the JSON that was asked for.

        Raises `LlmUnavailable` and `Timeout` (worth another try), `TryLater` (the server said when), `LlmRefused`
        and `ContextExceeded` (not worth one).
        """
