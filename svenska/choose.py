"""Which api_server a command speaks to: the one named, the one that runs here, or one of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from svenska.address import Address, api_address
from svenska.client import Service, connected
from svenska.exits import Failure
from svenska.shell import Shell


@contextmanager
def api_service(shell: Shell, server: str | None, *, local: bool, model: str | None) -> Iterator[Service]:
    """Connect to an api_server for the length of the block.

    `local` asks for one of the command's own. So does a machine on which none runs, where none was named: then the
    person is told.
    """
    address = api_address(server, shell.environ)
    if not local and (address.named or _answers(address)):
        with connected(address) as service:
            yield service
        return
    if not local:
        shell.say("No service runs here; working in this process.")
    from svenska.local import own_server  # noqa: PLC0415 - brings a web server along

    with own_server(shell, model) as own, connected(own) as service:
        yield service


def _answers(address: Address) -> bool:
    with connected(address) as service:
        try:
            service.call("GET", "/health")
        except Failure:
            return False
        return True
