"""A network that can be cut: a TCP proxy in front of a server."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from tests.processes import free_port


class Network:
    """Forwards 127.0.0.1:`port` to a server for as long as it is whole."""

    def __init__(self, upstream: int, answered: Callable[[bytes], None] = lambda _data: None) -> None:
        self.port = free_port()
        self._upstream = upstream
        self._answered = answered
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._flowing = threading.Event()
        self.mend()

    @property
    def url(self) -> str:
        """Where a browser reaches the server through it."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._listener is not None:
            _close(self._listener)
            self._listener = None
        self._flowing.set()
        for connection in list(self._open):
            _close(connection)
        self._open.clear()

    def hold(self) -> None:
        """Let nothing through without breaking anything: as when a phone leaves the house."""
        self._flowing.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._flowing.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream))
                self._open |= {client, server}
                for source, target, told in ((client, server, None), (server, client, self._answered)):
                    threading.Thread(target=self._pump, args=(source, target, told), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, told: Callable[[bytes], None] | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._flowing.wait()
                if told is not None:
                    told(data)
                target.sendall(data)
        _close(source)
        _close(target)


@contextlib.contextmanager
def network(server_url: str, answered: Callable[[bytes], None] = lambda _data: None) -> Iterator[Network]:
    """Put a network in front of a server until the block ends; `answered` is shown what the server sends."""
    made = Network(int(server_url.rsplit(":", 1)[1]), answered)
    try:
        yield made
    finally:
        made.cut()


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
