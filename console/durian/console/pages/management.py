"""RabbitMQ's management API, when a deployment names it: rates, which AMQP does not tell."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote, unquote, urlencode, urlsplit

from durian.console.api.services import Services

#: Seconds that it may take.
_PATIENCE_S: Final = 4.0

#: Queues that are asked for: the longest ones.
_MOST: Final = 20

#: Bytes of an answer that are read.
_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRates:
    """A queue, and how fast messages come and go."""

    name: str
    depth: int
    in_per_s: float | None
    out_per_s: float | None
    #: Its page on RabbitMQ's own.
    page: str


@dataclass(frozen=True, slots=True)
class Management:
    """The API of one broker."""

    #: Where RabbitMQ's pages are.
    url: str
    vhost: str
    prefix: str
    login: str

    @classmethod
    def of(cls, services: Services) -> Self | None:
        """That of the deployment; None when it names none."""
        settings = services.settings
        if not settings.rabbitmq_ui_url or not settings.broker_url:
            return None
        broker = urlsplit(settings.broker_url.split(";")[0])
        names = (broker.username or "guest", broker.password or "guest")
        return cls(
            url=settings.rabbitmq_ui_url,
            vhost=unquote(broker.path.removeprefix("/")) or "/",
            prefix=services.names.prefix,
            login=":".join(map(unquote, names)),
        )

    def page_of(self, queue: str) -> str:
        """The page of a queue."""
        return f"{self.url}/#/queues/{quote(self.vhost, safe='')}/{quote(queue, safe='')}"

    def busiest(self) -> tuple[Sequence[QueueRates], str]:
        """The longest of Durian's queues; or none, and why it could not be asked. May wait."""
        query = {
            "page": 1,
            "page_size": _MOST,
            "sort": "messages",
            "sort_reverse": "true",
            "name": f"^{self.prefix}\\.",
            "use_regex": "true",
        }
        url = f"{self.url}/api/queues/{quote(self.vhost, safe='')}?{urlencode(query)}"
        try:
            return [self._row(one) for one in self._get(url)["items"]], ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            return [], f"{self.url} does not tell: {reason}"

    def _get(self, url: str) -> Any:
        credentials = base64.b64encode(self.login.encode()).decode()
        request = urllib.request.Request(  # noqa: S310  # an operator's setting, checked as http
            url, headers={"Authorization": f"Basic {credentials}"}
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310  # as above
            return json.loads(answer.read(_MOST_BYTES))

    def _row(self, queue: Mapping[str, Any]) -> QueueRates:
        told = queue.get("message_stats", {})
        return QueueRates(
            name=queue["name"],
            depth=queue.get("messages", 0),
            in_per_s=told.get("publish_details", {}).get("rate"),
            out_per_s=told.get("ack_details", {}).get("rate"),
            page=self.page_of(queue["name"]),
        )
