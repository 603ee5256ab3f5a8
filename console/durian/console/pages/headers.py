"""What every answer tells a browser: run nothing, load nothing from elsewhere, keep nothing."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Scripts, styles and pictures come from our own files, and nothing at all from elsewhere. Neither
#: a script nor a style stands within a page, so that text which gets into one does nothing.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


class Guarded:
    """Puts these headers on every answer (an ASGI middleware).

    Args:
        ancestors: Who may show the pages in a frame: `'none'`, or origins with spaces between.
    """

    def __init__(self, app: ASGIApp, *, ancestors: str = "'none'") -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": _POLICY.format(ancestors=ancestors),
            "X-Content-Type-Options": "nosniff",
            # The address of a portal's page is a key.
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_guarded)
