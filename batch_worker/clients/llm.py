"""An OpenAI-compatible server as `pipeline.language_model.LanguageModel`."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from batch_worker.clients import completions, refusals
from batch_worker.clients.completions import Dialect
from batch_worker.clients.refusals import NotTaken
from batch_worker.pipeline.language_model import Question
from shared.errors import LlmUnavailable, Timeout

_CONNECT_SECONDS = 5.0
_LONGEST_ANSWER = 16_000_000
"""Bytes; a server that says more is not listened to any longer."""
_PATH = "/chat/completions"
_EVENT = b"data:"
_LAST = b"[DONE]"


@dataclass(frozen=True, kw_only=True, slots=True)
class LlmOptions:
    """Which server, which model, and how long to listen."""

    url: str
    """As people write it: `http://host:port`, with `/v1`, or with the whole path."""
    model: str
    """What the server calls it."""
    key: str | None = field(default=None, repr=False)
    """The key that the server asks for."""
    context_tokens: int
    """How many tokens question and answer may have together."""
    answer_seconds: float
    """From the question to the last word of its answer."""
    idle_seconds: float
    """Between two words, once the answer has begun."""


class LlmClient:
    """Asks one question at a time; repeats none but in a plainer form."""

    def __init__(self, http: httpx.AsyncClient, options: LlmOptions, *, clock: Callable[[], float] = time.time) -> None:
        """Ask over `http`; `clock` gives seconds since 1970."""
        self._http = http
        self._options = options
        self._clock = clock
        self._url = address(options.url)
        self._dialect = Dialect()

    @property
    def name(self) -> str:
        """What its server calls it."""
        return self._options.model

    @property
    def context_tokens(self) -> int:
        """How many tokens question and answer may have together."""
        return self._options.context_tokens

    async def answer(self, question: Question) -> str:
        """Return the whole answer; what the server turned out to understand is remembered for the next question.

        Raises what `pipeline.language_model.LanguageModel` says.
        """
        dialect = self._dialect
        while True:
            try:
                text = await self._asked(question, dialect)
            except NotTaken as refused:
                following = completions.plainer(dialect, refused.fault)
                if following is None:
                    raise refusals.not_taken(refused.fault) from None
                dialect = following
            else:
                self._dialect = dialect
                return text

    async def _asked(self, question: Question, dialect: Dialect) -> str:
        options = self._options
        try:
            async with asyncio.timeout(options.answer_seconds):
                return await self._posted(completions.body(question, options.model, dialect))
        except (TimeoutError, httpx.TimeoutException):
            raise Timeout(
                "The language model did not answer in time: see that LLM_URL is alive, or raise LLM_TIMEOUT."
            ) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise LlmUnavailable(
                f"The LLM server cannot be reached or broke off ({type(error).__name__}): see that LLM_URL is alive."
            ) from error

    async def _posted(self, document: dict[str, object]) -> str:
        options = self._options
        timeout = httpx.Timeout(options.answer_seconds, connect=min(_CONNECT_SECONDS, options.answer_seconds))
        headers = {b"Authorization": f"Bearer {options.key}".encode()} if options.key else {}
        async with self._http.stream(
            "POST", self._url, json=document, headers=headers, timeout=timeout, follow_redirects=False
        ) as response:
            body = await self._body(response)
        if response.status_code == httpx.codes.OK:
            return completions.answer(body)
        raise refusals.refusal(
            response.status_code, body, retry_after=response.headers.get("retry-after"), now=self._clock()
        )

    async def _body(self, response: httpx.Response) -> bytes:
        body, begun = bytearray(), False
        chunks = response.aiter_bytes()
        while True:
            # A model reads the whole question before it says anything, whatever its server says meanwhile: only
            # after that is silence a fault.
            async with asyncio.timeout(self._options.idle_seconds if begun else None):
                chunk = await anext(chunks, None)
            if chunk is None:
                return bytes(body)
            body += chunk
            begun = begun or _EVENT in chunk
            if len(body) > _LONGEST_ANSWER:
                raise LlmUnavailable("The LLM server's answer has no end.")
            if body[-16:].rstrip().endswith(_LAST):  # some servers keep the stream open
                return bytes(body)


def address(url: str) -> str:
    """Return where questions go, from a base URL as people write it."""
    base = url.strip().rstrip("/").removesuffix(_PATH)
    if not urlsplit(base).path.strip("/"):
        base = f"{base.rstrip('/')}/v1"
    return base + _PATH
