"""The key of a listener's client certificate: the two have to belong together."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from durian.errors import InvalidListener

#: Characters of a key's PEM; one of RSA with 8192 bits has 6,400.
MAX_KEY_LENGTH = 16_384

_FIELD = "key_pem"


def needs_key(cert_pem: str | None, before: str | None, key_pem: str | None) -> bool:
    """Tell whether a key has to be stored with a certificate that may be new.

    Args:
        cert_pem: The listener's certificate from now on.
        before: The one it had.
        key_pem: The key that was given.

    Raises:
        InvalidListener: the key is missing, of no use, unreadable, or another certificate's. No
            reason shows any of it.
    """
    if key_pem is None:
        if cert_pem is not None and cert_pem != before:
            raise InvalidListener(_FIELD, "is needed with a new cert_pem")
        return False
    if cert_pem is None:
        raise InvalidListener(_FIELD, "is of no use without cert_pem")
    _check_pair(cert_pem, key_pem)
    return True


def _check_pair(cert_pem: str, key_pem: str) -> None:
    if len(key_pem) > MAX_KEY_LENGTH:
        raise InvalidListener(_FIELD, f"has more than {MAX_KEY_LENGTH} characters")
    try:
        key = load_pem_private_key(key_pem.encode(), password=None)
    except TypeError as exc:
        hint = "Decrypt it: openssl pkey -in FILE."
        raise InvalidListener(_FIELD, "is encrypted", hint=hint) from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise InvalidListener(_FIELD, "holds no private key that can be read") from exc
    try:
        # The first is the client's own; others lead to its authority.
        certificate = x509.load_pem_x509_certificates(cert_pem.encode())[0]
        belongs = certificate.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise InvalidListener("policy.cert_pem", "cannot be read") from exc
    if not belongs:
        raise InvalidListener(_FIELD, "is not the key of cert_pem's first certificate")
