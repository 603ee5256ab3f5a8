"""Serving the HTTP face in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from durian.console.bind import refused

#: Seconds that open requests may take to end on stop.
_GRACE_S = 5

#: Connections that may wait to be accepted.
_BACKLOG = 256


#: What to do when an address is another's.
_HINT = "Choose another with --port, or DURIAN_API_PORT."


def bind(host: str, port: int) -> socket.socket:
    """Take an address, at which connections are refused until there is a `Service`.

    Raises InvalidSettings when another process listens there: before anything else was begun.
    """
    bound = socket.socket()
    try:
        # Connections of a process that has ended do not keep it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as exc:
        bound.close()
        raise refused(host, port, exc, _HINT) from exc
    return bound


class Service:
    """The HTTP face at one address, whose socket it closes when it stops.

    Raises InvalidSettings when another process has begun to listen there meanwhile.
    """

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        self._socket = bound
        try:
            bound.listen(_BACKLOG)
        except OSError as exc:
            host, port = bound.getsockname()[:2]
            raise refused(host, port, exc, _HINT) from exc
        config = uvicorn.Config(
            app,
            # Named, so that it is the same whatever else is installed: what is tested is what runs.
            loop="asyncio",
            http="h11",
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="durian-http"
        )

    @property
    def url(self) -> str:
        """Where it listens, with the port that was taken."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Begin to serve: requests wait in the socket's backlog until the thread is up."""
        self._thread.start()

    def stop(self) -> None:
        """Stop taking requests, and let the open ones end."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
