"""What strangers write is text in a browser, on every page that shows it.

The pages are looked at without their Content-Security-Policy, so that whatever gets into one as
more than text would run: the policy is what is left when this fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from selenium.webdriver import Chrome

from tests.support import poison
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.browser import Screens
from tests.support.pages import routes_of
from tests.support.poison import BAD, DELIVERY, ID, bare, begin, full
from tests.support.registry import put_registry


def said(text: str) -> str:
    """A text as part of an address."""
    return quote(text, safe="")


_HOOK = said(bare("hook"))
_LISTENER = f"/listeners/{BAD}"

#: Every page, and from where what strangers wrote is read on it.
SHOWN = {
    "/": "me type id error response-body",
    "/listeners": "url pattern value listener-note",
    _LISTENER: "url type id error response-body",
    f"{_LISTENER}/filter": "url field value property enum property-note",
    f"{_LISTENER}/settings": "url listener-note owner header",
    f"{_LISTENER}/dead": "url type id dead-reason dead-error",
    f"{_LISTENER}/rotate": "url",
    f"{_LISTENER}/remove": "url",
    "/listeners/new": "hook hook-note property",
    f"/listeners/new?event={_HOOK}": "hook property property-note enum",
    f"/deliveries/{DELIVERY}": "type id source error reason response-head response-body",
    f"/deliveries/{DELIVERY}/why": "field value dead-reason dead-error",
    "/events": "type id source subject",
    f"/events/one?id={said(ID)}": "type id source subject extension key data field value",
    f"/events/one/listeners?id={said(ID)}&everyone=1": "field value kind error reason",
    "/hooks": "hook hook-note property",
    f"/hooks/one?name={_HOOK}": "hook hook-note property property-note enum example-key example",
    f"/hooks/edit?name={_HOOK}": "hook hook-note property property-note enum example-key example",
    "/queues": "",
    "/queues/orphans": "id type",
    "/queues/invalid": "odd-reason odd-type odd-body",
    "/queues/unrouted": "odd-type odd-body",
    "/jobs": "",
    "/jobs/{job}": "",
    "/settings": "",
    "/settings/tokens": "token token-name token-owner",
    "/settings/users": "user-owner",
    "/settings/audit": "token-name token-owner user-owner url pattern owner listener-note field",
}

#: Those that show what their address brings.
ECHOES = (
    "/listeners?search={}",
    "/events?search={}",
    "/listeners/new?pattern={}",
    "/settings/audit?target={}",
    "/hooks/one?name={}",
)

#: All that stands on a page, in its text or in an attribute; what was made of text; what has run.
LOOK = """
const all = [...document.querySelectorAll("*")];
const attributes = all.flatMap(one => [...one.attributes].map(each => each.value));
const foreign = all.filter(one => one.matches(
    "[data-hit], [onerror], [onload], [onfocus], img:not([src*='/static/']), script:not([src]), " +
    "a[href^='javascript' i]"));
return {
    hit: window.hit || null,
    foreign: foreign.map(one => one.outerHTML.slice(0, 200)),
    shown: [document.documentElement.textContent, ...attributes].join("\\n"),
};
"""


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str, str]]:
    """The application, where it answers, and a job."""
    folder = tmp_path_factory.mktemp("poisoned")
    put_registry(folder)
    with Api(f"sqlite:///{folder}/durian.db") as api:
        job = poison.poison(api)
        with serving(api.app) as url:
            yield api, url, job


@pytest.fixture
def screens(browser: Chrome, poisoned: tuple[Api, str, str]) -> Iterator[Screens]:
    """Somebody who has logged in, by a browser that minds no policy."""
    api, url, _ = poisoned
    screens = Screens(browser, url)
    screens.open("/console/login")
    screens.find("summary").click()  # there are users, who have passwords
    screens.find("#token").send_keys(api.token("admin", "publish", name=full("me")))
    screens.click("details .primary")
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    yield screens
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})


def look(screens: Screens, path: str) -> str:
    """All that a page shows, once it is sure that nothing of it runs."""
    screens.open(f"/console{path}")
    found: Any = screens.browser.execute_script(LOOK)
    assert (found["hit"], found["foreign"]) == (None, []), path
    return str(found["shown"])


def test_it_is_text_on_every_page(screens: Screens, poisoned: tuple[Api, str, str]) -> None:
    """And what is expected on a page is read there: else it would be looked for in vain."""
    missing = {}
    for path, names in SHOWN.items():
        shown = look(screens, path.format(job=poisoned[2]))
        if absent := [name for name in names.split() if begin(name) not in shown]:
            missing[path] = absent
    assert missing == {}


def test_it_is_text_where_an_address_brought_it(screens: Screens) -> None:
    for path in ECHOES:
        assert begin("echo") in look(screens, path.format(said(full("echo")))), path


def test_it_is_text_where_a_page_is_renewed(screens: Screens) -> None:
    screens.open(f"/console/events/one?id={said(ID)}")
    screens.wait_to_see("details.explained")
    found: Any = screens.browser.execute_script(LOOK)
    assert (found["hit"], found["foreign"]) == (None, [])
    assert begin("reason") in found["shown"]


def test_every_page_is_looked_at(poisoned: tuple[Api, str, str]) -> None:
    paths = [path.partition("?")[0] for path in SHOWN]
    pages = [
        route for route in routes_of(poisoned[0], "/console") if "GET" in (route.methods or ())
    ]
    unseen = {route.path for route in pages if not any(map(route.path_regex.match, paths))}
    assert unseen == {"/login", "/queues/rates"}
