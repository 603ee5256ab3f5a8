"""The connections of one listener to one receiver, and the transfers that use them."""

from __future__ import annotations

import pycurl

from durian.consumers.sender.curl.kept import Kept
from durian.consumers.sender.curl.options import Options
from durian.consumers.sender.curl.transfer import Allows, Transfer
from durian.consumers.sender.pools import PoolKey
from durian.consumers.sender.tls import check_options


class Connections:
    """What the requests of one key share, and nobody else: connections, and looked-up names.

    libcurl keeps them in a share, which is closed with all of its connections.

    Args:
        options: Makes handles.
        allows: Asked for every address that is about to be dialled; None when a proxy is.
        key: Whose they are.

    Raises:
        InvalidListener: its field is `tls`: an option cannot be used.
    """

    def __init__(self, options: Options, allows: Allows | None, key: PoolKey) -> None:
        if key.tls is not None:
            check_options(key.tls)
        self._options = options
        self._allows = allows
        self._key = key
        self._hop = options.hop(key)
        self._kept = Kept()
        self._share = pycurl.CurlShare()
        self._share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
        self._share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_DNS)
        self._idle: list[Transfer] = []

    def take(self) -> Transfer:
        """Take a transfer."""
        if self._idle:
            return self._idle.pop()
        handle = self._options.handle(self._key, self._share)
        return Transfer(handle, self._hop, self._kept, self._allows)

    def give_back(self, transfer: Transfer) -> None:
        """Give a transfer back, once it has ended."""
        transfer.rest()
        self._idle.append(transfer)

    def close(self) -> None:
        """Close them all; every transfer was given back."""
        for transfer in self._idle:
            transfer.handle.close()
        self._idle.clear()
        self._share.close()
