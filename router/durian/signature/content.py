"""What is signed, and the headers that carry it: the rules that both ends share."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable

#: The three headers of Standard Webhooks 1.0.
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
HEADERS = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)

#: What a message id may be made of: printable ASCII without the full stop, which separates the
#: signed parts (an id with one could be read as an id and a timestamp).
_ID = re.compile(r"[!-\-/-~]{1,255}")


def is_message_id(text: str) -> bool:
    """Tell whether a text can be a `webhook-id`: 1 to 255 printable ASCII characters, no `.`."""
    return _ID.fullmatch(text) is not None


def signed_head(message_id: str, timestamp: str) -> bytes:
    """Make what is signed before the body: `id.timestamp.`."""
    return f"{message_id}.{timestamp}.".encode("ascii")


def keyed_mac(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """Make the function that computes the `v1` signature (HMAC-SHA256) of a head and a body."""
    # The key's two blocks are hashed once; every signature goes on from a copy.
    keyed = hmac.new(key, digestmod="sha256")

    def mac(head: bytes, body: bytes) -> bytes:
        digest = keyed.copy()
        digest.update(head)
        digest.update(body)
        return digest.digest()

    return mac
