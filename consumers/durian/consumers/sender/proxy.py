"""The egress proxy of a deployment, as its URL names it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from durian.errors import InvalidSettings

#: The setting that it comes from, as error messages name it.
PROXY_SETTING = "DURIAN_PROXY_URL"

_DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it listens, and what it is shown."""

    host: str
    port: int
    #: The value of `Proxy-Authorization`; None without credentials.
    authorization: str | None

    @classmethod
    def of(cls, url: str) -> Proxy:
        """Read a URL such as `http://user:password@host:3128`. Raises InvalidSettings."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as exc:
            raise InvalidSettings(PROXY_SETTING, "cannot be read as a URL") from exc
        if parts.scheme != "http" or not host:
            raise InvalidSettings(PROXY_SETTING, "must look like http://host:port")
        login = parts.netloc.rpartition("@")[0]
        return cls(host, port or _DEFAULT_PORT, _basic(login) if login else None)


def _basic(login: str) -> str:
    return f"Basic {b64encode(unquote_to_bytes(login)).decode()}"
