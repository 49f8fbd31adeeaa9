"""Between a client that speaks another system's language and the connection that serves every stream."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

from pydantic import TypeAdapter

from api_server.streaming.connection import Socket
from api_server.streaming.outbox import Sent
from shared.errors import SvenskaError
from shared.events import ServerEvent

_server_event: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)
Native = str | bytes
"""A message of `WS /ws/transcribe`, client to server."""


class Translation(ABC):
    """One client's socket, as `streaming.connection.Connection` sees it; implements its `Socket`."""

    def __init__(self, wire: Socket) -> None:
        """Translate what crosses `wire`."""
        self._wire = wire
        self._meant: deque[Native] = deque()
        self._refused = False

    @abstractmethod
    async def hear(self, message: str | bytes) -> Sequence[Native]:
        """Return the native messages that a client's message means; may answer it; raises errors of the tree."""

    @abstractmethod
    async def tell(self, event: Sent) -> None:
        """Send what a native event means to this client."""

    async def receive(self) -> str | bytes:
        """Return the next native message; raises `Disconnected`."""
        while not self._meant:
            message = await self._wire.receive()
            if not self._refused:  # after that nothing but the client's going is of interest
                self._meant.extend(await self._understood(message))
        return self._meant.popleft()

    async def _understood(self, message: str | bytes) -> Sequence[Native]:
        try:
            return await self.hear(message)
        except SvenskaError:
            self._refused = True
            raise

    async def send(self, text: str) -> None:
        """Translate a native event; raises `Disconnected`."""
        await self.tell(_server_event.validate_json(text))
