"""What `doctor` says of a service: does it live, is it ready, does it take our key, do we ask in the right place."""

from collections.abc import Mapping
from dataclasses import dataclass

from svenska.address import Address
from svenska.checks import Finding, State
from svenska.client import Document, connected
from svenska.exits import Exit, Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A service, and by which settings it is asked."""

    check: str
    """What the finding is called."""
    address: Address
    """Where it should be."""
    listing: str
    """A path that asks for a key."""
    place: str
    """The setting that says where."""
    key: str = "SVENSKA_API_KEY"
    """The setting that says by which key."""


def service(asked: Asked) -> Finding:
    """Ask a service whether it lives, is ready and takes the key."""
    with connected(asked.address, silent_seconds=10) as client:
        try:
            health = client.call("GET", "/health")
        except Failure as failure:
            return absent(asked, failure)
        try:
            client.call("GET", "/ready")
            client.call("GET", asked.listing)
        except Failure as failure:
            return _unwell(asked, failure)
    return Finding(check=asked.check, state="ok", found="{what}", values={"what": _described(asked.address, health)})


def absent(asked: Asked, failure: Failure) -> Finding:
    """Report a service that does not answer: only where the person named it, it had to be there."""
    if failure.code != "unreachable":
        return _unwell(asked, failure)
    fix = (
        "Start it with `svenska serve all`, or correct {place}."
        if asked.address.loopback
        else "Start it there, or correct {place}."
    )
    state: State = "fault" if asked.address.named else "warning"
    return Finding(check=asked.check, state=state, found="Nothing answers at {url}.", fix=fix, values=_values(asked))


def elsewhere(asked: Asked, setting: str, port: int) -> Finding | None:
    """Report that a service is set to listen on `port` here and commands ask another; None where all is well."""
    if asked.address.named or port == 0 or asked.address.url.endswith(f":{port}"):
        return None
    return Finding(
        check=asked.place,
        state="warning",
        found="{setting} is {port} here, and commands ask {url}.",
        fix="export {place}=http://127.0.0.1:{port}",
        values={**_values(asked), "setting": setting, "port": port},
    )


def _unwell(asked: Asked, failure: Failure) -> Finding:
    fix = {
        Exit.UNAUTHORIZED: "Set {key} to one of the service's API_KEYS.",
        Exit.NOT_NOW: "Wait a little; if it stays so, its log says why.",
    }.get(failure.exit_code, "Look into its log.")
    if failure.code == "not_a_service":
        fix = "Something else is there: start the service on another port, or correct {place}."
    found = "{url} does not accept the key." if failure.exit_code is Exit.UNAUTHORIZED else failure.sentence
    return Finding(check=asked.check, state="fault", found=found, fix=fix, values={**_values(asked), **failure.values})


def _values(asked: Asked) -> Mapping[str, object]:
    return {"url": asked.address.url, "place": asked.place, "key": asked.key}


def _described(address: Address, health: Document) -> str:
    model_name = health.get("whisper_model")
    return f"{address.url}, {model_name}" if model_name else address.url
