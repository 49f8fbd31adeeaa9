"""`python -m api_server`: the environment, the app, the server."""

import signal
import sys

import uvicorn

from api_server.app import create_app
from api_server.settings import Settings
from shared import logs
from shared.environment import load
from shared.errors import StartupError
from shared.sockets import reserved


def main() -> None:
    """Serve until told to stop; what stands in the way of a start is said in one line each, exit code 2."""
    # uvicorn raises the signal that stopped it once more: so that both end with 0, SIGTERM is taken as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = load(Settings)
        logs.configure(level=settings.log_level, form=settings.log_format)
        listener = reserved(settings.api_host, settings.api_port, setting="API_PORT")
        app = create_app(settings)
    except StartupError as error:
        sys.exit(_refusal(error))
    except KeyboardInterrupt:
        return
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_ping_timeout=120,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(3)


def _refusal(error: StartupError) -> int:
    print(error.message, file=sys.stderr)  # noqa: T201 - for the person who starts it
    return 2


if __name__ == "__main__":
    main()
