"""What strangers write is text on every page, wherever it comes from."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from durian.consumers.delivery import webhook_id_of
from durian.events import Event
from tests.support.api import Api
from tests.support.letters import give_up
from tests.support.pages import Visitor, logged_in
from tests.support.registry import attempt, now_ms
from tests.unit.console.pages.conftest import publish

#: What would run where it gets into a page as it is: among tags, in an attribute, in a template.
CORPUS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></textarea></title><script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "\u202e<b>backwards</b>",
)

DELIVERY = webhook_id_of("/shop", "evil", "bad")

#: Where text of strangers is shown.
PATHS = (
    "/",
    "/listeners",
    "/listeners/bad",
    "/listeners/bad/filter",
    "/listeners/bad/settings",
    "/listeners/bad/dead",
    f"/deliveries/{DELIVERY}",
    f"/deliveries/{DELIVERY}/why",
    "/events",
    "/events/one?id=evil",
    "/events/one/listeners?id=evil&everyone=1",
    "/hooks",
    "/hooks/one?name=person",
    "/hooks/edit?name=person",
    "/listeners/new",
    "/listeners/new?event=person",
    "/settings/tokens",
    "/settings/audit",
)

#: Addresses that bring such text with them.
ECHOES = (
    "/listeners?search={}",
    "/listeners?event={}",
    "/events?search={}",
    "/listeners/new?pattern={}",
    "/settings/audit?target={}",
    "/nowhere/{}",
    "/hooks/one?name={}",
)


def poison(api: Api, text: str) -> None:
    """Put a text wherever somebody from outside can."""
    ask = api.asker("admin", name=text)
    new: dict[str, Any] = {"id": "bad", "url": "https://x.example/", "event": "person"}
    new |= {
        "description": text,
        "filter": {"name": {"contains": text}},
        "policy": {"headers": {"x-note": "plain"}},
    }
    assert ask("POST", "/v1/listeners", json=new).is_success
    schema = {"properties": {"name": {"description": text, "enum": [text]}, text: {}}}
    hook = {"description": text, "schema": schema, "example": {"name": text}}
    assert ask("PUT", "/v1/hooks/person", json=hook).is_success
    given = {"listener_id": "bad", "event_id": "evil", "result": "dead", "status": 500}
    told = {"error": text, "reason": text, "response_head": text, "response_body": text}
    api.store.add_attempts([attempt(DELIVERY, at_ms=now_ms(), **given, **told)])
    data = {"name": text, text: text}
    evil = Event(id="evil", type="person", source="/shop", subject=text, data=data)
    publish(api, evil)
    give_up(api.broker, api.names, "bad", evil)


@pytest.mark.parametrize("text", CORPUS)
def test_it_is_text_on_every_page(api: Api, text: str) -> None:
    poison(api, text)
    visitor = logged_in(api, "admin", "publish", name=text)
    said = quote(text, safe="")
    pages = {path: visitor.ask("GET", path).text for path in PATHS}
    pages |= {path: visitor.ask("GET", path.format(said)).text for path in ECHOES}
    pages["login"] = Visitor(api).page(f"/login?next={said}")
    for path, shown in pages.items():
        assert "<html" in shown or "<h2" in shown, path
        for part in ("<script>alert", "<img src=x", "<svg onload", "' onmouseover", "<b>back"):
            assert part not in shown, path
        assert 'href="javascript:' not in shown, path
    if "{{7*7}}" in text:
        assert "{{7*7}}" in pages["/listeners"]


def test_a_response_is_shown_as_it_came(api: Api) -> None:
    poison(api, CORPUS[0])
    shown = logged_in(api, "admin").page(f"/deliveries/{DELIVERY}")
    assert '<pre class="wrap tall" tabindex="0">&lt;script&gt;alert(1)&lt;/script&gt;' in shown
