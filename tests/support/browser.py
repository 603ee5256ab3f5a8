"""A headless Chromium, and the pictures it takes for the documentation."""

from __future__ import annotations

import os
import shutil
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.absent import absent
from tests.support.house import ROOT

#: Where the documentation has its pictures.
PICTURES = ROOT / "docs" / "images"

#: Set to renew them; else tests take them into a temporary folder.
VARIABLE = "DURIAN_TEST_PICTURES"

#: Seconds that a page may take.
PATIENCE_S = 60

#: Pixels, as CSS counts them.
WIDTH = 1100

#: Alone, without a word to anybody, and in the same size everywhere.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    f"--window-size={WIDTH},700",
    "--force-device-scale-factor=1.5",
    "--hide-scrollbars",
    "--lang=en",
)


class Screens:
    """Pages in a browser, as somebody uses them who sees and clicks."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, path: str) -> None:
        """Open a page."""
        self.browser.get(f"{self.url}{path}")

    def find(self, selector: str) -> Any:
        """The first element of a CSS selector."""
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def press(self, words: str, kind: str = "button") -> None:
        """Click the button, the link or the summary that says something; wait for the next page."""
        self._leave(self.browser.find_element(By.XPATH, f'//{kind}[contains(., "{words}")]'))

    def click(self, selector: str) -> None:
        """Click something, and wait for the page that follows."""
        self._leave(self.find(selector))

    def text(self) -> str:
        """What can be read."""
        return str(self.find("body").text)

    def wait_for(self, words: str) -> None:
        """Wait until something can be read, without loading the page anew."""
        waiting = WebDriverWait(self.browser, PATIENCE_S, ignored_exceptions=[WebDriverException])
        waiting.until(lambda _: words in self.text(), f"no {words!r} in: {self.text()}")

    def wait_to_see(self, selector: str) -> None:
        """Wait until there is an element of a CSS selector, without loading the page anew."""
        waiting = WebDriverWait(self.browser, PATIENCE_S)
        waiting.until(lambda _: self.find(selector), f"no {selector!r} in: {self.text()}")

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something has happened elsewhere."""
        WebDriverWait(self.browser, PATIENCE_S).until(lambda _: happened(), what)

    def _leave(self, element: Any) -> None:
        before = self.find("main, .durian")
        element.click()
        WebDriverWait(self.browser, PATIENCE_S).until(lambda _: _is_gone(before))


def _is_gone(element: Any) -> bool:
    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False


class Camera:
    """Takes pictures of what a browser shows."""

    def __init__(self, browser: Chrome, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def take(self, name: str, *, width: int = WIDTH, most: int = 4000) -> Path:
        """Take a picture of the whole page, however long it is; or of its upper part."""
        height = self._browser.execute_script("return document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": width, "height": min(most, int(height)), "scale": 1}
        shot = self._browser.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        path = self._folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(shot["data"]))
        assert path.stat().st_size > 10_000, "the picture is empty"
        return path


def emulate(browser: Chrome, *, width: int = WIDTH, dark: bool = False) -> None:
    """Let it be a device of a width, whose owner likes it light or dark."""
    metrics = {"width": width, "height": 700, "deviceScaleFactor": 1.5, "mobile": width < WIDTH}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    likes = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [likes]})


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser of a module's own: it keeps connections, so it must end before their servers do."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        absent("no Chromium: install chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    browser = Chrome(options, Service(driver))
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Chrome:
    """The browser, knowing nobody."""
    chromium.delete_all_cookies()
    return chromium


@pytest.fixture
def camera(browser: Chrome, tmp_path: Path) -> Camera:
    """What takes pictures: for the documentation when they are to be renewed."""
    folder = PICTURES if os.environ.get(VARIABLE) else tmp_path / "pictures"
    return Camera(browser, folder)
