"""What `doctor` says of WHISPER_API_URL: does the api_server that jobs go to answer, and take the key they carry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from svenska import check_service
from svenska.address import API, Address, api_address
from svenska.check_service import Asked
from svenska.checks import Finding
from svenska.client import Document, connected
from svenska.exits import Failure

_NAME = "WHISPER_API_URL"


def in_force(jobs: Address) -> Document:
    """Return the settings of the batch_worker that runs on this machine, by name; nothing where none tells."""
    if not jobs.loopback:
        return {}
    with connected(jobs, silent_seconds=10) as client:
        try:
            return client.call("GET", "/config")
        except Failure:
            return {}


def asr(values: Mapping[str, Any], running: Mapping[str, Any], known: Address) -> Iterator[Finding]:
    """Yield what is found where jobs are decoded; `known` is the api_server that has been asked already.

    `running` are the settings in force, `values` those with which a batch_worker would start here.
    """
    key = _key(values, running, known)
    for url in _urls(values, running):
        try:
            address = replace(api_address(url, {}), key=key, named=url != API)
        except Failure as failure:
            yield Finding(
                check=_NAME,
                state="fault",
                found=failure.sentence,
                fix="Correct it in the environment or in .env; see .env.example.",
                values=failure.values,
            )
            continue
        # What a container calls its neighbour means nothing here.
        if (address.url, address.key) != (known.url, known.key) and (address.loopback or not running):
            asked = Asked(check=_NAME, address=address, listing="/models", place=_NAME, key="WHISPER_API_KEY")
            yield check_service.service(asked)


def _urls(values: Mapping[str, Any], running: Mapping[str, Any]) -> Sequence[str]:
    urls: Sequence[str] = running.get(_NAME) or values.get(_NAME.lower(), ())
    return urls


def _key(values: Mapping[str, Any], running: Mapping[str, Any], known: Address) -> str | None:
    secrets = [key.get_secret_value() for key in (values.get("whisper_api_key"), *values.get("api_keys", ())) if key]
    configured = next(filter(None, secrets), None)
    if not running:
        return configured
    # The service says whether it has a key, not which.
    return (configured or known.key) if running.get("WHISPER_API_KEY") or running.get("API_KEYS") else None
