"""Verify a webhook of Durian in Python, with the standard library alone.

Standard input is the raw body. WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP and WEBHOOK_SIGNATURE
stand for your configuration and the request's headers. Exits 0 when the webhook is genuine.
"""

import base64
import hashlib
import hmac
import os
import sys
import time

TOLERANCE_S = 300


def verify(secret: str, id_: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Tell whether a webhook is genuine and recent."""
    is_number = timestamp.isascii() and timestamp.isdigit()
    if not is_number or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False  # too old, or from the future
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{id_}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256))
    return any(hmac.compare_digest(expected, given.encode()) for given in signatures.split())


if __name__ == "__main__":
    names = ("WEBHOOK_SECRET", "WEBHOOK_ID", "WEBHOOK_TIMESTAMP", "WEBHOOK_SIGNATURE")
    genuine = verify(*(os.environ[name] for name in names), sys.stdin.buffer.read())
    sys.exit(0 if genuine else 1)
