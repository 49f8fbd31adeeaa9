"""What `doctor` says of a service: does it live, is it ready, does it take our key."""

from collections.abc import Mapping

from svenska.address import Address
from svenska.checks import Finding, State
from svenska.client import Document, connected
from svenska.exits import Exit, Failure


def service(name: str, address: Address, listing: str) -> Finding:
    """Ask a service whether it lives, is ready and takes our key; `listing` is a path that asks for one."""
    values: dict[str, object] = {"url": address.url}
    with connected(address, silent_seconds=10) as client:
        try:
            health = client.call("GET", "/health")
        except Failure as failure:
            return absent(name, address, failure)
        try:
            client.call("GET", "/ready")
            client.call("GET", listing)
        except Failure as failure:
            return _unwell(name, failure, values)
    return Finding(check=name, state="ok", found="{what}", values={"what": _described(address, health)})


def absent(name: str, address: Address, failure: Failure) -> Finding:
    """Report a service that does not answer: only where the person named it, it had to be there."""
    if failure.code == "unreachable":
        fix = "svenska serve all" if address.loopback else "Start it there, or correct SVENSKA_SERVER."
        state: State = "fault" if address.named else "warning"
        return Finding(check=name, state=state, found="Nothing answers at {url}.", fix=fix, values={"url": address.url})
    return _unwell(name, failure, {"url": address.url})


def _unwell(name: str, failure: Failure, values: Mapping[str, object]) -> Finding:
    fix = {
        Exit.UNAUTHORIZED: "Set SVENSKA_API_KEY to one of the service's API_KEYS.",
        Exit.NOT_NOW: "Wait a little; if it stays so, its log says why.",
    }.get(failure.exit_code, "Look into its log.")
    return Finding(check=name, state="fault", found=failure.sentence, fix=fix, values={**values, **failure.values})


def _described(address: Address, health: Document) -> str:
    model_name = health.get("whisper_model")
    return f"{address.url}, {model_name}" if model_name else address.url
