"""Requests that change something come from our own forms: each carries a token no page can guess.

The token is made of what only this browser and we know: the text of its cookie, or the key in its
portal link.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import Final

from starlette.requests import Request

from durian.console.pages.form import Form
from durian.errors import NotAllowed

#: The field of a form that holds it.
FIELD: Final = "csrf"

#: What a browser that sends Fetch Metadata says of our own forms, and of an address that is typed.
_OUR_OWN: Final = frozenset({"same-origin", "none"})


def token_of(secret: str) -> str:
    """The token for whoever has a secret."""
    return hashlib.sha256(b"durian csrf" + secret.encode()).hexdigest()


def is_our_own(request: Request) -> bool:
    """Tell whether a request comes from our own pages, as far as the browser says so."""
    return request.headers.get("sec-fetch-site", "same-origin") in _OUR_OWN


def check(request: Request, form: Form, secret: str) -> None:
    """Raise NotAllowed when a request that changes something comes from somewhere else."""
    given = form(FIELD).encode()
    if not is_our_own(request) or not compare_digest(given, token_of(secret).encode()):
        message = "This form was opened in another session, or on another site."
        raise NotAllowed(message, hint="Go back, load the page anew, and send it again.")
