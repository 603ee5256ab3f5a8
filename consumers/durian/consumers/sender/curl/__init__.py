"""The Sender on libcurl's multi interface: thousands of attempts under way, none of them a thread.

Needs the extra `curl`.
"""

from __future__ import annotations

from durian.consumers.sender.curl.capacity import raise_limit
from durian.consumers.sender.curl.sender import CurlSender

__all__ = ["CurlSender", "raise_limit"]
