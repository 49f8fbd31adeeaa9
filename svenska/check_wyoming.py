"""What `doctor` says of WYOMING_PORT: does Home Assistant find the api_server there, and who else does."""

import json
import socket
from collections.abc import Callable, Mapping

from svenska.address import LOOPBACK
from svenska.checks import Finding

_SECONDS = 5.0
_LONGEST_ANSWER = 65_536
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a service may be set to listen on
"""Where a service that listens everywhere is found on its own machine."""

Speaks = Callable[[str, int], bool]


def speaks_wyoming(host: str, port: int) -> bool:
    """Tell whether what listens there answers `describe` with `info` (the Wyoming protocol: a line of JSON)."""
    try:
        with socket.create_connection((_ANYWHERE.get(host, host), port), timeout=_SECONDS) as connection:
            connection.sendall(b'{"type": "describe"}\n')
            with connection.makefile("rb") as answer:
                event = json.loads(answer.readline(_LONGEST_ANSWER))
    except (OSError, ValueError):
        return False
    return isinstance(event, dict) and event.get("type") == "info"


def wyoming(port: int, host: str, taken: Mapping[str, int], speaks: Speaks = speaks_wyoming) -> Finding:
    """Check a port that is not 0; `taken` are the ports of the other settings, by name."""
    values: dict[str, object] = {"host": host, "port": port}
    if other := next((name for name, number in taken.items() if number == port), None):
        return Finding(
            check="WYOMING_PORT",
            state="fault",
            found="{port} is {other} already.",
            fix="Set WYOMING_PORT to another port; 10300 is what Home Assistant offers.",
            values={**values, "other": other},
        )
    if not speaks(host, port):
        return Finding(
            check="WYOMING_PORT",
            state="warning",
            found="Nothing speaks Wyoming at {host}:{port}.",
            fix="Start the api_server anew with this setting: `svenska serve api`.",
            values=values,
        )
    if host in LOOPBACK:
        found = (
            "Home Assistant on this machine finds it at {host}:{port}; to be found from others set API_HOST=0.0.0.0."
        )
        return Finding(check="WYOMING_PORT", state="ok", found=found, values=values)
    return Finding(
        check="WYOMING_PORT",
        state="warning",
        found="Home Assistant finds it at port {port}, and so does everyone: the protocol knows no keys.",
        fix="Let the firewall admit Home Assistant's machine only.",
        values=values,
    )
