"""What a connection may cost whose other end takes nothing."""

import socket
import sys

import pytest

from shared.sockets import bounded


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
