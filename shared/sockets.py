"""Where a service listens, and what one connection may cost whose other end takes nothing."""

import socket

from shared.errors import StartupError

_BUFFER_BYTES = 131_072
"""The kernel doubles it for its own accounts; by itself it would let one reader have megabytes."""
_UNTAKEN_MS = 30_000
"""Data that waits so long for the other end to take it ends the connection."""


def reserved(host: str, port: int, *, setting: str) -> socket.socket:
    """Return a socket that has the port, its connections bounded; raises `StartupError` that names `setting`.

    It does not listen yet: until the service does, whoever comes is refused and not left waiting.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartupError(f"{setting}: expected a free port on {host}; got {port} ({error.strerror})") from None
    return bounded(listener)


def bounded(listener: socket.socket) -> socket.socket:
    """Bound what the kernel keeps for each connection that `listener` accepts, and for how long (Linux: tcp(7))."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNTAKEN_MS)
    return listener
