"""Why an attempt got no usable response: raised inside the sender, turned into an Outcome."""

from __future__ import annotations

from durian.consumers.sender.port import Kind


class Fault(Exception):
    """An attempt failed in a way that we found ourselves, before or instead of the driver."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        #: The outcome's kind.
        self.kind = kind
        #: The outcome's line for the operator.
        self.text = text
