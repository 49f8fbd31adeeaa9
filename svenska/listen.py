"""`svenska listen`: a microphone, a pipe or a recording to the WebSocket, and its text while it is spoken."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from shared.events import ServerEvent, Start, Stop, StreamDone, StreamError
from svenska.address import Address
from svenska.captions import Captions, captions
from svenska.choose import api_service
from svenska.client import broken_off, refusal, unreachable
from svenska.exits import Failure
from svenska.options import Json, Local, Model, Prompt, Server, SpokenLanguage, Words, shell_of
from svenska.shell import Shell, printable
from svenska.sources import Chunks, file_or_pipe, from_microphone, microphone_command, paced

_server_event: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)
_OPEN_SECONDS = 10
_CLOSE_SECONDS = 2


def listen(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A recording; - for raw 16 kHz mono s16le; nothing: the microphone."),
    ] = None,
    *,
    language: SpokenLanguage = None,
    model: Model = None,
    prompt: Prompt = None,
    words: Words = False,
    times: Annotated[bool, typer.Option("--times", help="Begin each line with its time.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Send a recording as fast as it is taken.")] = False,
    device: Annotated[
        str | None, typer.Option("--device", metavar="NAME", help="Which microphone, as the recorder calls it.")
    ] = None,
    server: Server = None,
    local: Local = False,
    as_json: Json = False,
) -> None:
    """Write what is being said, live. Ctrl-C ends it, once the last words are there."""
    del as_json  # told to the shell by its callback
    shell = shell_of(context)
    stop = threading.Event()
    audio = from_microphone(microphone_command(device)) if source is None else file_or_pipe(source, shell.stdin)
    partials = shell.json or shell.out.is_terminal
    start = Start(language=language, model=model, prompt=prompt, word_timestamps=words, partials=partials)
    with api_service(shell, server, local=local, model=model) as service:
        if service.address.own:  # the model asked for is its resident one
            start = start.model_copy(update={"model": None})
        slowly = source not in {None, "-"} and not fast
        with _stream(service.address) as socket, _ending_gently(stop), captions(shell, times=times) as shown:
            if source is None:
                shell.say("Listening; Ctrl-C ends it.")
            _run(shell, service.address, socket, start, _Feed(audio, stop, slowly=slowly), shown)


class _Feed:
    """Sends audio from a thread of its own, and `stop` once there is no more or nobody wants more."""

    def __init__(self, audio: Chunks, stop: threading.Event, *, slowly: bool) -> None:
        self.failure: Failure | None = None
        """Why the audio ended early."""
        self._audio = audio
        self._stop = stop
        self._slowly = slowly
        self._threads: list[threading.Thread] = []

    @contextmanager
    def into(self, socket: ClientConnection) -> Iterator[None]:
        """Send for as long as the block lasts."""
        try:
            with self._audio as chunks:  # here, so that a recorder ends even while the thread waits for it
                for name, work in (("feed", partial(self._feed, chunks)), ("end", self._end)):
                    thread = threading.Thread(target=work, args=(socket,), name=name, daemon=True)
                    self._threads.append(thread)
                    thread.start()
                try:
                    yield
                finally:
                    self._stop.set()
        finally:
            for thread in self._threads:
                thread.join(_CLOSE_SECONDS)  # a pipe may be silent for ever

    def _feed(self, chunks: Iterator[bytes], socket: ClientConnection) -> None:
        try:
            for chunk in paced(chunks, wait=self._stop.wait) if self._slowly else chunks:
                if self._stop.is_set():
                    break
                socket.send(chunk)
        except Failure as failure:
            if not self._stop.is_set():  # else a recorder complains that it was ended
                self.failure = failure
        except ConnectionClosed:
            pass  # whoever reads the events finds out why
        finally:
            self._stop.set()

    def _end(self, socket: ClientConnection) -> None:
        self._stop.wait()
        with suppress(ConnectionClosed):
            socket.send(Stop().model_dump_json())


def _run(shell: Shell, address: Address, socket: ClientConnection, start: Start, feed: _Feed, shown: Captions) -> None:
    fatal: Failure | None = None
    try:
        with suppress(ConnectionClosed):  # a refusal may be there already, and is read below
            socket.send(start.model_dump_json())
        with feed.into(socket):
            for event in _events(socket):
                shown.show(event)
                if isinstance(event, StreamDone):
                    break
                if isinstance(event, StreamError):
                    fatal = _told(shell, event) or fatal
            else:
                raise fatal or broken_off(address)
    except ConnectionClosed as error:
        raise fatal or broken_off(address) from error
    if feed.failure is not None:
        raise feed.failure


def _events(socket: ClientConnection) -> Iterator[ServerEvent]:
    for message in socket:
        try:
            yield _server_event.validate_json(message)
        except ValidationError:
            continue  # a message that a later version sends


def _told(shell: Shell, event: StreamError) -> Failure | None:
    """Return the failure that ends the stream; tell one that does not."""
    failure = refusal({"error": {"code": event.code, "message": event.message}}, status=500)
    if not event.fatal:
        shell.say("{message}", message=printable(event.message))
        return None
    return failure


@contextmanager
def _stream(address: Address) -> Iterator[ClientConnection]:
    try:
        socket = connect(
            f"{address.websocket}/ws/transcribe",
            additional_headers=address.headers,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            proxy=None if address.loopback else True,
            max_size=None,
        )
    except InvalidStatus as error:
        raise refusal(None, status=error.response.status_code) from error
    except (OSError, WebSocketException) as error:
        raise unreachable(address) from error
    with socket:
        yield socket


@contextmanager
def _ending_gently(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C end the audio, and the second one the program."""

    def first(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
