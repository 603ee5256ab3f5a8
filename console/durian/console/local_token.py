"""The token of this machine: `durian up` makes it, and the same user's commands show it.

It is valid where only this machine reaches the process, and lies in a file that nobody else reads.
"""

from __future__ import annotations

import os
from pathlib import Path

from durian.client.loopback import is_local
from durian.errors import InvalidSettings
from durian.registry.private_file import create_once
from durian.registry.token import new_token_id, new_token_text


def local_token(host: str) -> str | None:
    """Return the token for a process that listens on an address, and make it at need.

    None when others than this machine reach the address. Raises InvalidSettings when its file
    cannot be used.
    """
    if not is_local(host):
        return None
    path = token_file()
    try:
        create_once(path, new_token_text(new_token_id()))
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidSettings(str(path), f"cannot be used: {exc}") from exc


def token_for(host: str, given: str = "") -> str:
    """Return the token to show to a host: the one that is given, or that of this machine.

    Empty when there is neither.
    """
    if given:
        return given
    try:
        return token_file().read_text("ascii").strip() if is_local(host) else ""
    except (OSError, UnicodeDecodeError):
        return ""


def token_file() -> Path:
    """Return where the token lies: the user's configuration folder."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "durian" / "local.token"
