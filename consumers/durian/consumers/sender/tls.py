"""TLS as one listener needs it: which authorities count, and which certificate we show."""

from __future__ import annotations

import os
import ssl
import tempfile

from durian.consumers.sender.port import TlsOptions
from durian.errors import InvalidListener, InvalidSettings

#: The setting that names the deployment's authorities, as error messages name it.
CA_SETTING = "DURIAN_CA_FILE"


def tls_context(options: TlsOptions | None, ca_file: str) -> ssl.SSLContext:
    """Make the context that a listener's connections are made with.

    Args:
        options: The listener's; None for the deployment's own.
        ca_file: PEM file of the authorities that count unless the listener names others.

    Raises:
        InvalidListener: its field is `tls`: an option cannot be used.
    """
    if options is None or options.ca_pem is None:
        context = ssl.create_default_context(cafile=ca_file)
    else:
        # Not by create_default_context, to which an empty text means the public authorities.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Debian's Python leaves this to the machine's OpenSSL configuration.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options is not None:
        _take_on(context, options)
    return context


def check_options(options: TlsOptions) -> None:
    """Check whether a listener's options can be used, for a driver that takes them as they are.

    Raises InvalidListener; its field is `tls`.
    """
    _take_on(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), options)


def check_ca_file(path: str) -> None:
    """Check the deployment's authorities, at the start rather than in every attempt.

    Raises InvalidSettings.
    """
    try:
        tls_context(None, path)
    except ssl.SSLError as exc:
        reason = f"{path} holds no certificate that can be read"
        raise InvalidSettings(CA_SETTING, reason, hint="Write certificates as PEM.") from exc
    except OSError as exc:
        raise InvalidSettings(CA_SETTING, f"{path} cannot be read: {exc.strerror or exc}") from exc


def _take_on(context: ssl.SSLContext, options: TlsOptions) -> None:
    if options.ca_pem is not None:
        try:
            context.load_verify_locations(cadata=options.ca_pem)
        except (ssl.SSLError, ValueError) as exc:
            raise InvalidListener("tls", "ca_pem holds no certificate that can be read") from exc
    if options.cert_pem:
        _show(context, options.cert_pem, options.key_pem or "")
    elif options.key_pem:
        raise InvalidListener("tls", "key_pem is of no use without cert_pem")


def _show(context: ssl.SSLContext, cert_pem: str, key_pem: str) -> None:
    # The ssl module reads certificates and keys from files only; this one is readable by us alone.
    descriptor, path = tempfile.mkstemp(prefix="durian-tls-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", errors="replace") as file:
            file.write(f"{cert_pem}\n{key_pem}\n")
        # A password of none, or OpenSSL would ask for one at the terminal.
        context.load_cert_chain(path, password=b"")
    except (ssl.SSLError, ValueError) as exc:
        raise InvalidListener(
            "tls",
            "cert_pem and key_pem are no certificate and unencrypted key that belong together",
        ) from exc
    finally:
        os.unlink(path)  # noqa: PTH108 - as mkstemp made it
