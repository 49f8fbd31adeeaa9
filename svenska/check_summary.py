"""What `doctor` says of FEATURE_SUMMARY: a language model's server that answers, takes the key and has the model."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from svenska.address import LOOPBACK
from svenska.checks import Finding

_SECONDS = 10.0
_SHOWN = 5
_LOCKED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a server answered when it was asked for its models."""

    status: int
    """HTTP."""
    models: tuple[str, ...] = ()
    """What it calls them; empty where it does not say."""


def listing(url: str, key: str, transport: httpx.BaseTransport | None = None) -> Listing | None:
    """Ask an OpenAI-compatible server for its models, over `transport` or the network; None where nobody answers."""
    headers = {b"Authorization": f"Bearer {key}".encode()} if key else {}
    try:
        with httpx.Client(timeout=_SECONDS, trust_env=not _is_here(url), transport=transport) as client:
            reply = client.get(_models_url(url), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # the last: what cannot be read as an address
        return None
    return Listing(status=reply.status_code, models=_names(reply) if reply.is_success else ())


def server(url: str, model: str, key: str, ask: Callable[[str, str], Listing | None] = listing) -> Finding:
    """Check LLM_URL, LLM_MODEL and LLM_API_KEY."""
    if not (url and model):
        return Finding(
            check="LLM_URL",
            state="fault",
            found="FEATURE_SUMMARY is on, and LLM_URL and LLM_MODEL are not both set.",
            fix="Set both, as LLM_URL=http://127.0.0.1:11434/v1, or set FEATURE_SUMMARY=false.",
        )
    answer = ask(url, key)
    if answer is None:
        return Finding(
            check="LLM_URL",
            state="fault",
            found="Nothing answers at {url}.",
            fix="Start the language model's server, or correct LLM_URL.",
            values={"url": url},
        )
    return _judged(answer, {"url": url, "model": model, "status": answer.status}, model)


def _judged(answer: Listing, values: dict[str, object], model: str) -> Finding:
    if answer.status in _LOCKED:
        return Finding(
            check="LLM_API_KEY",
            state="fault",
            found="{url} does not take the key (HTTP {status}).",
            fix="Set LLM_API_KEY to the key that this server asks for.",
            values=values,
        )
    if not answer.models:
        return Finding(
            check="LLM_URL",
            state="warning",
            found="{url} does not say which models it has (HTTP {status}).",
            fix="See that LLM_URL is the one in the server's manual; mostly it ends in /v1.",
            values=values,
        )
    if model not in answer.models:
        return Finding(
            check="LLM_MODEL",
            state="fault",
            found="{url} has no {model}.",
            fix="Set LLM_MODEL to one that it has: {models}.",
            values={**values, "models": ", ".join(answer.models[:_SHOWN])},
        )
    return Finding(check="LLM_URL", state="ok", found="{url}, {model}.", values=values)


def privacy(url: str, *, redact: bool) -> Finding:
    """Check PII_REDACT_BEFORE_LLM against where the language model is."""
    if redact or _is_here(url):
        found = "The language model sees masked text." if redact else "The language model is on this machine."
        return Finding(check="PII_REDACT_BEFORE_LLM", state="ok", found=found)
    return Finding(
        check="PII_REDACT_BEFORE_LLM",
        state="warning",
        found="Personal data leaves this machine for {url}.",
        fix="Set PII_REDACT_BEFORE_LLM=true, unless that server may see it.",
        values={"url": url},
    )


def _is_here(url: str) -> bool:
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def _models_url(url: str) -> str:
    base = url.strip().rstrip("/").removesuffix("/chat/completions")
    return f"{base}/models" if urlsplit(base).path.strip("/") else f"{base}/v1/models"


def _names(reply: httpx.Response) -> tuple[str, ...]:
    try:
        return tuple(str(one["id"]) for one in reply.json()["data"])
    except (ValueError, KeyError, TypeError):
        return ()
