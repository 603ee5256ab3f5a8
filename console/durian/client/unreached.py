"""Why nobody could be reached by HTTP, in words."""

from __future__ import annotations

import socket
from http.client import HTTPException


def why(error: BaseException) -> str:
    """Say in a few words why a request failed."""
    match error:
        case ConnectionRefusedError():
            return "nothing listens there"
        case socket.gaierror():
            return "there is no such host"
        case TimeoutError():
            return "no answer came in time"
        case ConnectionError():
            return "the connection was closed"
        case HTTPException():
            return "what answers there speaks no HTTP"
        case _:
            return getattr(error, "strerror", None) or str(error) or type(error).__name__
