"""What `doctor` finds of WYOMING_PORT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from svenska.check_wyoming import speaks_wyoming, wyoming

INFO = b'{"type": "info", "version": "1.8.0", "data_length": 2}\n{}'


@pytest.mark.parametrize(
    ("port", "host", "speaks", "state"),
    [
        (10_300, "127.0.0.1", True, "ok"),
        (10_300, "127.0.0.1", False, "warning"),
        (10_300, "0.0.0.0", True, "warning"),
        (8123, "127.0.0.1", True, "fault"),
    ],
)
def test_the_port_for_home_assistant_is_judged(port: int, host: str, state: str, *, speaks: bool):
    """One that is another's, one where nobody speaks, one that everybody reaches without a key."""
    finding = wyoming(port, host, {"API_PORT": 8123, "BATCH_PORT": 8400}, lambda _host, _port: speaks)
    assert finding.state == state
    assert bool(finding.fix) == (state != "ok")
    finding.found.format(**finding.values)


@pytest.mark.parametrize(
    ("answer", "speaks"), [(INFO, True), (b"HTTP/1.1 400 Bad Request\r\n", False), (b"[1]\n", False), (b"", False)]
)
def test_a_server_is_asked_what_it_is(answer: bytes, *, speaks: bool):
    """By the protocol's own question, wherever it listens."""
    with _answering(answer) as port:
        assert speaks_wyoming("0.0.0.0", port) == speaks


def test_a_port_that_nobody_listens_on_speaks_nothing(free_port: int):
    """And that is no error of the check-up."""
    assert not speaks_wyoming("127.0.0.1", free_port)


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, name="wyoming")
        thread.start()
        yield server.getsockname()[1]
        thread.join()
