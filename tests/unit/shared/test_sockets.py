"""What a connection may cost whose other end takes nothing."""

import socket
import sys

import pytest

from shared.errors import StartupError
from shared.sockets import bounded, reserved


@pytest.mark.skipif(sys.platform != "linux", reason="what other kernels inherit is their own")
def test_every_accepted_connection_is_bounded() -> None:
    """In what is kept for it and in how long that is tried."""
    with bounded(socket.create_server(("127.0.0.1", 0))) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 262_144


@pytest.mark.skipif(sys.platform != "linux", reason="what other kernels inherit is their own")
def test_what_nobody_takes_does_not_pile_up() -> None:
    """Of four megabytes, a few hundred kilobytes are taken."""
    with bounded(socket.create_server(("127.0.0.1", 0))) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with accepted:
            taken = accepted.send(b"x" * 4_000_000, socket.MSG_DONTWAIT)
        assert 0 < taken < 1_000_000


def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    """Of two services on one port, the second says which."""
    with reserved("127.0.0.1", 0, setting="API_PORT") as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(StartupError, match=f"API_PORT: expected a free port on 127.0.0.1; got {port}"):
            reserved("127.0.0.1", port, setting="API_PORT")


def test_whoever_comes_before_the_service_listens_is_refused() -> None:
    """And not left waiting while a model is loaded."""
    with reserved("127.0.0.1", 0, setting="API_PORT") as listener, pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname())
