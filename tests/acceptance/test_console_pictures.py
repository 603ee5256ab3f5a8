"""The pages of an ordinary day, in a browser: nobody is kept out, and their pictures are taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.support.api import Api
from tests.support.asking import serving
from tests.support.browser import WIDTH, Camera, Screens, emulate
from tests.support.downloads import npm_package
from tests.support.registry import put_registry
from tests.support.scene import play

#: Pixels of a phone.
PHONE = 390

#: Findings that keep people out.
GRAVE = ("serious", "critical")

#: Every page, with what it is called in the documentation.
PAGES = {
    "overview": "/",
    "listeners": "/listeners",
    "listener": "/listeners/shipping",
    "filter": "/listeners/shipping/filter",
    "listener-settings": "/listeners/shipping/settings",
    "dead": "/listeners/shipping/dead",
    "rotate": "/listeners/shipping/rotate",
    "choose": "/listeners/new",
    "create": "/listeners/new?event=order.paid",
    "events": "/events",
    "event": "/events/one?id=order.paid-18",
    "hooks": "/hooks",
    "hook": "/hooks/one?name=order.paid",
    "hook-form": "/hooks/edit",
    "queues": "/queues",
    "jobs": "/jobs",
    "settings": "/settings",
    "tokens": "/settings/tokens",
    "users": "/settings/users",
    "audit": "/settings/audit",
    "nowhere": "/nowhere",
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str]]:
    """The application, and where it answers."""
    folder = tmp_path_factory.mktemp("day")
    put_registry(folder)
    with Api(f"sqlite:///{folder}/durian.db") as api:
        play(api)
        api.backlog.count()
        with serving(api.app) as url:
            yield api, url


@pytest.fixture
def screens(browser: Chrome, day: tuple[Api, str]) -> Iterator[Screens]:
    api, url = day
    screens = Screens(browser, url)
    screens.open("/console/login")
    screens.find("#token").send_keys(api.token("admin", name="ann"))
    screens.press("Log in")
    yield screens
    emulate(browser)


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that looks for what keeps people out."""
    folder: Path = npm_package("axe-core", "4.10.3")
    return (folder / "axe.min.js").read_text(encoding="utf-8")


def findings(browser: Chrome, axe: str) -> list[Any]:
    """What axe finds on the page that is open."""
    browser.execute_script(axe)
    found = browser.execute_async_script(
        "axe.run(document, {resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
    )
    return [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_nobody_is_kept_out(screens: Screens, axe: str, look: str) -> None:
    width = PHONE if look == "phone" else WIDTH
    emulate(screens.browser, width=width, dark=look == "dark")
    grave = {}
    for name, path in PAGES.items():
        screens.open(f"/console{path}")
        if found := findings(screens.browser, axe):
            grave[name] = found
        room = screens.browser.execute_script("return document.documentElement.scrollWidth")
        assert room <= width, f"{name} is wider than a {look} screen"
    assert grave == {}


def test_everything_is_reached_by_the_keyboard(screens: Screens) -> None:
    """What can be clicked is a link, a button or a field: nothing has a handler of its own."""
    for name, path in PAGES.items():
        screens.open(f"/console{path}")
        hidden = screens.browser.execute_script(
            "return [...document.querySelectorAll('[onclick], [tabindex]')]"
            ".filter(one => one.tabIndex > 0).length"
        )
        assert hidden == 0, name


@pytest.mark.parametrize(
    "name", ["overview", "listeners", "listener", "filter", "events", "event", "hook", "queues"]
)
def test_it_looks_like_this(screens: Screens, camera: Camera, name: str) -> None:
    emulate(screens.browser)
    screens.open(f"/console{PAGES[name]}")
    if name == "event":
        screens.wait_to_see("details.explained")
        screens.find("details.explained summary").click()
    if name == "filter":
        screens.wait_for("would match")
    camera.take(f"console/{name}", most=1250)


@pytest.mark.parametrize(("name", "page"), [("dark", "overview"), ("phone", "listener")])
def test_it_fits_who_looks(screens: Screens, camera: Camera, name: str, page: str) -> None:
    width = PHONE if name == "phone" else WIDTH
    emulate(screens.browser, width=width, dark=name == "dark")
    screens.open(f"/console{PAGES[page]}")
    camera.take(f"console/{name}", width=width, most=1100)
