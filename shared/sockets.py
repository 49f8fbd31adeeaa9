"""What one connection may cost whose other end takes nothing."""

import socket

_BUFFER_BYTES = 131_072
"""The kernel doubles it for its own accounts; by itself it would let one reader have megabytes."""
_UNTAKEN_MS = 30_000
"""Data that waits so long for the other end to take it ends the connection."""


def bounded(listener: socket.socket) -> socket.socket:
    """Bound what the kernel keeps for each connection that `listener` accepts, and for how long (Linux: tcp(7))."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN_MS)
    return listener
