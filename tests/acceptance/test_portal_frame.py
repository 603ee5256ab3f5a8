"""An owner's portal in a frame of another site, in a browser: who may show it, and what works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from selenium.webdriver import Chrome

from durian.console.pages.csrf import token_of
from durian.console.settings import Settings
from tests.support.api import Api
from tests.support.asking import serving
from tests.support.browser import Screens
from tests.support.registry import attempt, now_ms, put_registry

#: What a browser has where it was not allowed to show a page.
REFUSED = "chrome-error://chromewebdata/"


class Site:
    """A site of somebody else with one page, on another host than Durian's."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.page = ""


@contextmanager
def site() -> Iterator[Site]:
    """Serve one for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(made.page.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Site(server.server_port)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Street:
    """Durian with a listener of acme's, the site that may show its portal, and another one."""

    def __init__(self, api: Api, url: str, shop: Site, other: Site) -> None:
        self.api = api
        self.url = url
        self.shop = shop
        self.other = other

    def link(self) -> str:
        """A new link to acme's portal."""
        made = self.api.asker("admin").post("/v1/portal-links", {"owner": "acme"})
        path: str = made["url"][made["url"].index("/portal/") :]
        return self.url + path

    def is_paused(self) -> bool:
        """Whether the listener is."""
        return self.api.store.get_listener("joe").paused


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder: Path = tmp_path_factory.mktemp("street")
    put_registry(folder)
    with ExitStack() as stack:
        shop, other = (stack.enter_context(site()) for _ in range(2))
        settings = Settings(portal_origins=(shop.origin,))
        api = stack.enter_context(Api(f"sqlite:///{folder}/durian.db", settings=settings))
        new = {"id": "joe", "url": "https://joe.example/hook", "event": "person", "owner": "acme"}
        api.asker("admin").post("/v1/listeners", new)
        yield Street(api, stack.enter_context(serving(api.app)), shop, other)


@pytest.fixture
def screens(browser: Chrome, street: Street) -> Screens:
    street.api.store.set_paused("joe", paused=False)
    return Screens(browser, street.url)


def frame(screens: Screens, place: Site, url: str) -> str:
    """Open a site's page that shows another one in a frame; tell what the frame has."""
    place.page = f'<h1>A shop</h1><iframe src="{escape(url)}" width="1000" height="600"></iframe>'
    screens.browser.get(place.origin)
    screens.browser.switch_to.frame(screens.find("iframe"))
    return str(screens.browser.execute_script("return document.URL"))


def send(screens: Screens, place: Site, url: str, **fields: str) -> None:
    """Open a site's page with a form that goes to Durian, and send it."""
    inputs = "".join(
        f'<input name="{name}" value="{escape(text)}">' for name, text in fields.items()
    )
    form = f'<form method="post" action="{escape(url)}">{inputs}<button>Go</button></form>'
    place.page = f"<main>{form}</main>"
    screens.browser.get(place.origin)
    screens.press("Go")


def test_the_site_that_is_named_shows_it_and_everything_works(
    screens: Screens, street: Street
) -> None:
    link = street.link()
    assert frame(screens, street.shop, link) == f"{link}listeners"
    assert "https://joe.example/hook" in screens.text()
    screens.press("joe", "a")
    screens.press("Pause")
    screens.wait_for("It is paused")
    assert street.is_paused()
    record = attempt("msg_seen", at_ms=now_ms(), result="retry", status=503)
    street.api.store.add_attempts([record])
    screens.wait_for("503")  # without loading the page anew
    assert screens.browser.execute_script("return document.cookie") == ""
    assert screens.browser.get_cookies() == []


def test_no_other_site_shows_it(screens: Screens, street: Street) -> None:
    assert frame(screens, street.other, street.link()) == REFUSED
    assert "joe" not in screens.text()


def log_in(screens: Screens, street: Street) -> None:
    """Log in to the console, in the same browser."""
    screens.open("/console/login")
    screens.find("#token").send_keys(street.api.token("admin"))
    screens.press("Log in")
    assert len(screens.browser.get_cookies()) == 1


def test_nobody_shows_the_console(screens: Screens, street: Street) -> None:
    log_in(screens, street)
    for place in (street.shop, street.other):
        assert frame(screens, place, f"{street.url}/console/listeners") == REFUSED


def test_a_form_of_another_site_changes_nothing(screens: Screens, street: Street) -> None:
    """Even of the one that made the link, and so could know what our own forms hold."""
    link = street.link()
    csrf = token_of(link.rstrip("/").rpartition("/")[2])
    for place in (street.shop, street.other):
        send(screens, place, f"{link}listeners/joe/pause", csrf=csrf)
        assert "opened in another session, or on another site" in screens.text()
    assert not street.is_paused()


def test_a_form_of_another_site_comes_without_the_cookie_and_leaves_it_be(
    screens: Screens, street: Street
) -> None:
    log_in(screens, street)
    send(screens, street.other, f"{street.url}/console/listeners/joe/pause", csrf="0" * 64)
    assert not street.is_paused()
    screens.open("/console/listeners")
    assert "joe.example" in screens.text(), "the form has ended the session"
