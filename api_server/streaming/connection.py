"""One client's connection, from its first message to its last final; knows sockets only by a Protocol."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog
from pydantic import ValidationError

from api_server.streaming.container import ContainerIngest
from api_server.streaming.ear import Ear
from api_server.streaming.ingest import Ingest, PcmIngest
from api_server.streaming.outbox import Outbox
from api_server.streaming.partials import Answer, Waiting
from api_server.streaming.service import StreamService
from api_server.streaming.session import Event, Step, StreamSession
from api_server.streaming.values import DecodeRequest, Drop, Heard, Hypothesis
from shared.errors import Conflict, Internal, InvalidParameter, InvalidRequest, SvenskaError, UploadTooLarge
from shared.events import Final, Flush, Flushed, Ready, SpeechStarted, Start, Stop, StreamDone, client_message

T = TypeVar("T")
_AHEAD_SECONDS = 1.0
"""Audio that runs ahead of the clock by more than this can wait when the decoder is asked where to cut."""
_CONTROL_CHARACTERS = 65_536
"""Of a message that is not audio; a large one would hold up every stream while it is read."""
_MARKS = 64
"""Flushes of one client that may wait for their answers; then no more of it is read."""

log = structlog.stdlib.get_logger("stream")


class Disconnected(Exception):
    """The client has gone."""


class Socket(Protocol):
    """A WebSocket that is open."""

    async def receive(self) -> str | bytes:
        """Return the next message; raises `Disconnected`."""

    async def send(self, text: str) -> None:
        """Send a message, waiting while the client does not read; raises `Disconnected`."""


class Connection:
    """Reads audio, feeds the session, has its requests decoded, sends its events.

    Reading stops while the client's finals are far behind or it does not read its events, so a sender that is
    faster than the decoder is held back by its own socket and nothing is lost.
    """

    def __init__(self, socket: Socket, service: StreamService, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Serve `socket`, which has been accepted."""
        self._socket = socket
        self._service = service
        self._clock = clock
        self._id = uuid.uuid4().hex
        self._outbox = Outbox()
        self._eased = asyncio.Event()
        self._decodes: dict[int, asyncio.Task[None]] = {}
        self._ingest: Ingest | None = None
        self._failed = self._over = False
        self._begun = self._ended = 0
        self._marks: deque[tuple[int, str]] = deque()

    async def run(self) -> None:
        """Serve until `done` is sent or the client has gone.

        Raises the error of the tree that ends the stream early; finals of what was heard have been sent then.
        """
        fault: SvenskaError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                fault = await self._serve(tasks)
        except* Disconnected:
            log.info("stream_left", session=self._id)
        finally:
            self._over = True
            self._service.partials.drop(self._id)
            if self._ingest is not None:
                await self._in_thread(self._ingest.close)
        if fault is not None:
            raise fault

    async def _serve(self, tasks: asyncio.TaskGroup) -> SvenskaError | None:
        self._tasks = tasks
        writer = tasks.create_task(self._write(), name=f"stream-write-{self._id}")
        try:
            await self._open()
            fault = await self._listen()
        except SvenskaError as error:
            self._outbox.close()
            await writer
            return error
        self._failed = fault is not None
        watcher = tasks.create_task(self._watch(), name=f"stream-watch-{self._id}")
        self._perform(self._session.stop(self._clock()))
        await writer
        watcher.cancel()
        return fault

    # --- from the client

    async def _open(self) -> None:
        first = await self._socket.receive()
        start = parse_start(first) if isinstance(first, str) else Start()
        self._decode_options = self._service.decode_options(start)
        self._session = StreamSession(self._service.stream_options(start))
        self._began = self._clock()
        self._ear = Ear(self._service.speech())
        self._ingest = ingest_for(start)
        self._source = self._ingest
        self._first = first if isinstance(first, bytes) else b""
        ready = Ready(
            session_id=self._id,
            model=self._service.model.name,
            language=self._service.language(start) or "auto",
            sample_rate=start.sample_rate,
        )
        self._outbox.put(ready)

    async def _listen(self) -> SvenskaError | None:
        """Take audio until `stop` or a fault, which is returned: what was heard before it still gets its final."""
        try:
            await self._hear(self._first)
            while not isinstance(message := await self._next(), Stop):
                if isinstance(message, Flush):
                    await self._ease()
                    await self._hear_rest()
                    self._perform(self._session.flush(self._clock()))
                    self._mark(message)
                else:
                    await self._hear(message)
            self._source.finish()
            await self._hear(b"")
            await self._hear_rest()
        except SvenskaError as error:
            return error
        return None

    async def _next(self) -> bytes | Flush | Stop:
        message = await self._socket.receive()
        return message if isinstance(message, bytes) else parse_control(message)

    async def _hear(self, data: bytes) -> None:
        self._source.feed(data)
        while self._source.more:
            await self._ease()
            self._perform(self._session.feed(await self._in_thread(self._read), self._clock()))

    async def _hear_rest(self) -> None:
        self._perform(self._session.feed(await self._in_thread(self._ear.flush), self._clock()))

    def _read(self) -> Heard:
        return self._ear.hear(self._source.read())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._service.threads, work)

    async def _ease(self) -> None:
        """Wait while the client is too far ahead of what was made of its audio, or of what it reads."""
        while self._crowded:
            self._eased.clear()
            await self._eased.wait()

    @property
    def _crowded(self) -> bool:
        ahead = self._session.received - (self._clock() - self._began)
        return (
            self._session.backlog > self._service.limits.backlog_seconds
            or self._outbox.full
            or len(self._marks) >= _MARKS
            or (self._session.cutting and ahead > _AHEAD_SECONDS)
        )

    async def _watch(self) -> None:
        """Notice that the client has gone, though nothing it sends is of interest any more."""
        while True:
            await self._socket.receive()

    # --- to the client

    async def _write(self) -> None:
        while (event := await self._outbox.get()) is not None:
            await self._socket.send(event.model_dump_json(exclude_none=True))
            self._service.observer.sent(event)
            self._eased.set()

    def _perform(self, step: Step) -> None:
        for output in step:
            if isinstance(output, DecodeRequest):
                self._ask(output)
            elif isinstance(output, Drop):
                self._drop(output.number)
            elif not (self._failed and isinstance(output, StreamDone)):
                self._outbox.put(output)
                self._count(output)
        if self._session.finished:
            self._outbox.close()
        self._eased.set()

    def _mark(self, flush: Flush) -> None:
        if flush.mark is not None:
            self._marks.append((self._begun, flush.mark))
            self._tell_marks()

    def _count(self, event: Event) -> None:
        self._begun += isinstance(event, SpeechStarted)
        self._ended += isinstance(event, Final)
        self._tell_marks()

    def _tell_marks(self) -> None:
        while self._marks and self._marks[0][0] <= self._ended:
            self._outbox.put(Flushed(mark=self._marks.popleft()[1]))

    # --- decodes

    def _ask(self, request: DecodeRequest) -> None:
        if request.kind == "partial":
            waiting = Waiting(
                request=request,
                options=self._decode_options,
                started=self._session.started,
                answered=self._answered,
            )
            self._service.partials.ask(self._id, waiting)
        else:
            name = f"stream-final-{self._id}-{request.number}"
            self._decodes[request.number] = self._tasks.create_task(self._decode(request), name=name)

    def _drop(self, number: int) -> None:
        self._service.partials.drop(self._id, number)
        if number in self._decodes:
            self._decodes.pop(number).cancel()

    async def _decode(self, request: DecodeRequest) -> None:
        options = self._decode_options
        answer: Hypothesis | SvenskaError
        try:
            answer = await self._service.decode_final(request, options)
        except SvenskaError as error:
            answer = error
        except Exception:  # the supervisor of this connection's decodes: one that fails does not end the stream
            log.exception("final_failed", session=self._id, utterance=request.utterance)
            answer = Internal("The engine failed on this utterance.")
        self._decodes.pop(request.number, None)
        self._settle(request.number, answer)

    def _answered(self, number: int, answer: Answer) -> None:
        if self._over:  # the client left while its partial was being decoded with others
            return
        self._settle(number, answer if isinstance(answer, SvenskaError) else Hypothesis(text=answer))

    def _settle(self, number: int, answer: Hypothesis | SvenskaError) -> None:
        now = self._clock()
        if isinstance(answer, SvenskaError):
            self._perform(self._session.failed(number, answer, now))
        else:
            self._perform(self._session.decoded(number, answer, now))


def parse_start(text: str) -> Start:
    """Return the opening message, or raise `InvalidParameter`, `InvalidRequest` or `UploadTooLarge`."""
    message = _parse(text)
    if isinstance(message, Start):
        return message
    raise InvalidRequest(f"The first message is audio or `start`, not `{message.type}`.")


def parse_control(text: str) -> Flush | Stop:
    """Return a later message, or raise `InvalidParameter`, `InvalidRequest`, `Conflict` or `UploadTooLarge`."""
    message = _parse(text)
    if isinstance(message, Start):
        raise Conflict("The stream has started; open another connection for another stream.")
    return message


def refuse_if_long(text: str | bytes) -> None:
    """Raise `UploadTooLarge` for a message that is none of a client's few words."""
    if len(text) > _CONTROL_CHARACTERS:
        raise UploadTooLarge(f"A text message has {_CONTROL_CHARACTERS} characters at most; audio goes in binary ones.")


def _parse(text: str) -> Start | Flush | Stop:
    refuse_if_long(text)
    try:
        return client_message.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in fault["loc"] if part not in {"start", "flush", "stop"}) or "message"
        raise InvalidParameter(field, expected=_expected(fault["type"], fault["msg"]), got=fault["input"]) from None


def _expected(kind: str, sentence: str) -> str:
    if kind.startswith(("json", "union_tag", "model_attributes", "dict")):
        return "a JSON object with `type` start, flush or stop (audio goes in binary messages)"
    return sentence.removeprefix("Input should be ")


def ingest_for(start: Start) -> Ingest:
    """Return the decoder of what the client sends."""
    if start.encoding == "pcm_s16le" or start.encoding == "pcm_f32le":  # noqa: PLR1714 - narrows the type
        return PcmIngest(encoding=start.encoding, sample_rate=start.sample_rate, channels=start.channels)
    return ContainerIngest(start.encoding)
