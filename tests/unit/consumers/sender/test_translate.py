"""A driver's exception is named for its innermost cause, and never raised on."""

from __future__ import annotations

import http.client
import itertools
import ssl

import pytest
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ProxyError
from urllib3.exceptions import LocationParseError, ProtocolError

from durian.consumers.sender import Kind
from durian.consumers.sender.addresses import NOT_PUBLIC
from durian.consumers.sender.fault import Fault
from durian.consumers.sender.translate import fault_of
from durian.errors import InvalidListener


def wrapped(*chain: Exception) -> Exception:
    """Chain exceptions as if each were raised from the one before it."""
    for inner, outer in itertools.pairwise(chain):
        outer.__cause__ = inner
    return chain[-1]


@pytest.mark.parametrize(
    ("chain", "kind", "text"),
    [
        ([TimeoutError()], "timeout", "no response in time"),
        ([TimeoutError(), ProtocolError("x"), RequestsConnectionError("y")], "timeout", None),
        ([ConnectionResetError(), ProtocolError("x")], "error", "the connection broke off"),
        ([BrokenPipeError()], "error", "the connection broke off"),
        ([http.client.LineTooLong("x")], "protocol", "the response is malformed: LineTooLong"),
        ([ssl.SSLError(1, "[SSL: WRONG_VERSION] odd")], "tls", None),
        ([Fault("blocked", NOT_PUBLIC)], "blocked", NOT_PUBLIC),
        ([OSError(), Fault("refused", "no connection")], "refused", "no connection"),
        ([Fault("dns", "a"), ProtocolError("x"), RequestsConnectionError("y")], "dns", "a"),
        ([InvalidListener("tls", "ca_pem is odd")], "tls", "ca_pem is odd"),
        ([InvalidListener("url", "is odd")], "error", "is odd"),
        ([ConnectionRefusedError(), ProxyError("x")], "refused", None),
        ([OSError(101, "Network is down")], "error", "OSError: [Errno 101] Network is down"),
        ([LocationParseError("a\r\nb")], "error", "LocationParseError: Failed to parse: a b"),
    ],
)
def test_an_exception_becomes_a_fault(chain: list[Exception], kind: Kind, text: str | None) -> None:
    fault = fault_of(wrapped(*chain))
    assert fault.kind == kind
    assert text is None or fault.text == text
    assert fault.text.isprintable()


def test_what_nobody_foresaw_is_logged_in_full(caplog: pytest.LogCaptureFixture) -> None:
    fault = fault_of(wrapped(KeyError("odd")))
    assert (fault.kind, fault.text) == ("error", "KeyError: 'odd'")
    assert "sender.failed" in caplog.text
    assert caplog.records[0].exc_info


def test_a_circle_of_exceptions_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert fault_of(first).kind == "error"
