"""What a response may look like, byte by byte: the rules that every sender reads by.

Drivers are lenient, each in its own way: one takes a head that breaks off for a complete one,
another a status of four digits.
"""

from __future__ import annotations

import re

#: Bytes of a response head, all 1xx responses before it included; also of the lines between a
#: body's chunks together, and of its trailers. Common servers send less than 8 KiB.
LONGEST_HEAD_BYTES = 64 * 1024

#: Header lines of one head: what Python's http.client takes.
MOST_FIELDS = 100

#: The lines of a head; the status and a header's name and value are groups.
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n\0]*)?\r?\n")
FIELD_LINE = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+):([^\r\n\0]*)\r?\n")
#: The rest of a header line that was folded (RFC 9112, section 5.2).
FOLDED_LINE = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
END_OF_HEAD = frozenset({b"\r\n", b"\n"})

#: A chunk of 4 GiB and more is no answer to a webhook.
CHUNK_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1024})?\r?\n")
LONGEST_CHUNK_SIZE_LINE = 1100

#: Digits of a length that every reader takes for the same number.
CONTENT_LENGTH = re.compile(r"[0-9]{1,15}")

#: The lowest status that ends an exchange.
FINAL = 200
#: The status that would make of the connection something else.
SWITCHING_PROTOCOLS = 101

#: What is said of a response that breaks the rules.
CLOSED_BEFORE = "the connection was closed without a response"
CLOSED_WITHIN = "the connection was closed within the response head"
HEAD_TOO_LONG = "the response head is longer than 64 KiB"
NO_STATUS_LINE = "the response has no HTTP/1 status line"
BAD_FIELD_LINE = "the response has a malformed header line"
TOO_MANY_FIELDS = "the response head has more than 100 header lines"
SWITCHED = "the receiver switched protocols unasked"
LENGTH_TWICE = "the response's length is given twice"
BAD_LENGTH = "the response has a malformed Content-Length"
BAD_CHUNK = "the response has a malformed chunk"
CHUNKS_TOO_WORDY = "the response says more about its chunks than they hold"
TRAILERS_TOO_LONG = "the response's trailers are longer than 64 KiB"
