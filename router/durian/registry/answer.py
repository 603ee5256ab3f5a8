"""An answer kept under an idempotency key, so that asking twice does it once."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to a request."""

    status: int
    headers: Mapping[str, str]
    #: It may hold a secret that is shown this once: left out of the repr.
    body: bytes = field(repr=False)

    def to_text(self) -> str:
        """Write it as one text."""
        body = base64.b64encode(self.body).decode()
        return json.dumps({"status": self.status, "headers": dict(self.headers), "body": body})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read it back."""
        facts = json.loads(text)
        body = base64.b64decode(facts["body"])
        return cls(status=facts["status"], headers=facts["headers"], body=body)
