"""Seal secrets at rest: AES-256-GCM under a ring of keys.

Sealed text is `v1.<key id>.<base64 of nonce and ciphertext>`. The context (table and row) is
authenticated with it, so a ciphertext copied to another row does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from durian.errors import InvalidSettings, RegistryError
from durian.registry.private_file import create_once

#: The settings that hold the keys, or name the file that does, as error messages name them.
SETTING = "DURIAN_SECRET_KEYS"
FILE_SETTING = "DURIAN_SECRET_KEY_FILE"

#: Bytes of a key: AES-256.
KEY_BYTES = 32

#: Bytes of a nonce: what GCM is specified for. Random ones are safe for 2^32 seals a key.
_NONCE_BYTES = 12

_FORMAT = "v1"


class Vault:
    """Seals with its first key and opens with all of them. Immutable, safe to share by threads."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the keys, newest first; `InvalidSettings` when one is not of 32 bytes."""
        if not keys:
            raise InvalidSettings(SETTING, "holds no key", hint=_HINT)
        for place, key in enumerate(keys, start=1):
            if len(key) != KEY_BYTES:
                raise InvalidSettings(SETTING, f"key {place} is not of 32 bytes", hint=_HINT)
        self._ring = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    def seal(self, text: str, context: str) -> str:
        """Encrypt a text for one place."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ring[self._first].encrypt(nonce, text.encode(), context.encode())
        return f"{_FORMAT}.{self._first}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """Decrypt what was sealed for this place.

        Raises:
            RegistryError: when no key fits, or it was sealed for another place or altered.
        """
        form, _, rest = sealed.partition(".")
        key_id, _, blob = rest.partition(".")
        cipher = self._ring.get(key_id)
        if form != _FORMAT or cipher is None:
            message = f"A secret was sealed with key {key_id or '?'}, which is not at hand."
            raise RegistryError(message, hint=f"Check {SETTING} or {FILE_SETTING}.")
        try:
            raw = base64.b64decode(blob, validate=True)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as exc:
            message = f"A secret of {context} was altered, or moved from another row."
            raise RegistryError(message, hint=f"Check {SETTING}, or rotate the secret.") from exc

    def is_current(self, sealed: str) -> bool:
        """Tell whether a text is sealed with the first key, so that older keys can go."""
        return sealed.startswith(f"{_FORMAT}.{self._first}.")

    @classmethod
    def from_text(cls, keys: str) -> Self:
        """Read keys written as in the setting: base64 of 32 bytes each, separated by commas."""
        return cls([_read_key(text.strip(), SETTING) for text in keys.split(",") if text.strip()])

    @classmethod
    def from_file(cls, path: Path | None = None) -> Self:
        """Read the keys from a file, which is created with a new key when there is none yet.

        Several processes may do so at once: all get the same key.
        """
        path = path or default_key_file()
        try:
            create_once(path, new_key())
            keys = path.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError) as exc:
            raise InvalidSettings(FILE_SETTING, f"{path} cannot be used: {exc}") from exc
        if not keys:
            raise InvalidSettings(FILE_SETTING, f"{path} holds no key", hint=_HINT)
        return cls([_read_key(text, FILE_SETTING) for text in keys])

    @classmethod
    def load(cls, keys: str | None = None, path: Path | None = None) -> Self:
        """Take the keys of the setting when there are any, else the key file's."""
        return cls.from_text(keys) if keys else cls.from_file(path)


_HINT = "Make one with: openssl rand -base64 32"


def new_key() -> str:
    """Make a key, as it is written in the setting and the key file."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def default_key_file() -> Path:
    """Return where the key file lies unless told otherwise: the user's configuration folder."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "durian" / "secret.key"


def _key_id(key: bytes) -> str:
    """Name a key without telling anything of it: two hashes would have to collide to mix it up."""
    return hashlib.sha256(b"durian key id" + key).hexdigest()[:8]


def _read_key(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidSettings(origin, "a key is not base64", hint=_HINT) from exc
    if len(key) != KEY_BYTES:
        raise InvalidSettings(origin, f"a key has {len(key)} bytes, not {KEY_BYTES}", hint=_HINT)
    return key
