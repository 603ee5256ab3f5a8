"""Certificates of a listener, as PEM: whether a text holds any that TLS can read."""

from __future__ import annotations

import ssl


def check_certificates(text: str) -> None:
    """Check that a text holds certificates, and no key: it is shown to whoever asks.

    Raises:
        ValueError: says why it cannot be used.
    """
    if "PRIVATE KEY" in text:
        reason = "holds a private key, which must be given apart (key_pem)"
        raise ValueError(reason)
    reason = "holds no certificate that can be read; write certificates as PEM"
    if not text.isascii():
        raise ValueError(reason)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as exc:
        raise ValueError(reason) from exc
