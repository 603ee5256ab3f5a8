"""Senders of both kinds for one suite, each with what it needs around it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any, Literal

import pytest

from durian.broker.memory import MemoryBroker
from durian.broker.port import Broker
from durian.consumers.sender import connection
from durian.consumers.sender import requests as requests_module
from durian.consumers.sender.curl import CurlSender, transfer
from durian.consumers.sender.curl import sender as curl_module
from durian.consumers.sender.requests import RequestsSender

#: The senders that one contract holds for.
SenderKind = Literal["requests", "curl"]
KINDS: tuple[SenderKind, ...] = ("requests", "curl")


class Senders:
    """Makes senders of one kind, and closes them all in the end.

    Those that need a loop live on that of `broker`, or on one of their own.
    """

    def __init__(self, kind: SenderKind, stack: ExitStack, broker: Broker | None = None) -> None:
        self.kind = kind
        self._stack = stack
        self._broker = broker

    @property
    def module(self) -> ModuleType:
        """Where its parts are named."""
        return requests_module if self.kind == "requests" else curl_module

    def __call__(self, **options: Any) -> RequestsSender | CurlSender:
        """Make one."""
        sender = (
            RequestsSender(**options)
            if self.kind == "requests"
            else CurlSender(self._running_loop(), **options)
        )
        self._stack.callback(sender.close)
        return sender

    def replace_connecting(
        self, monkeypatch: pytest.MonkeyPatch, connect: Callable[[str], None]
    ) -> None:
        """Have `connect` called with every address that is about to be dialled.

        It may raise what the connecting is to end with.
        """
        dial, open_socket = connection._connect, transfer.open_socket

        def dialling(address: str, port: int, timeout_s: float) -> socket.socket:
            connect(address)
            return dial(address, port, timeout_s)

        def opening(address: str, *kind: int) -> socket.socket:
            connect(address)
            return open_socket(address, *kind)

        monkeypatch.setattr(connection, "_connect", dialling)
        monkeypatch.setattr(transfer, "open_socket", opening)

    def _running_loop(self) -> Broker:
        if self._broker is None:
            self._broker = MemoryBroker()
            self._broker.start()
            self._stack.callback(self._broker.stop)
        return self._broker


def cpu_s() -> float:
    """CPU seconds that threads of Durian have used so far."""
    return sum(
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.name.startswith("durian-") and thread.ident is not None
    )
