"""A headless Chromium, and the pictures it takes for the documentation."""

from __future__ import annotations

import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.support.house import ROOT

#: Where the documentation has its pictures.
PICTURES = ROOT / "docs" / "images"

#: Set to renew them; else tests take them into a temporary folder.
VARIABLE = "DURIAN_TAKE_PICTURES"

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


class Camera:
    """Takes pictures of what a browser shows."""

    def __init__(self, browser: Chrome, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def take(self, name: str) -> Path:
        """Take a picture of the whole page, however long it is."""
        height = self._browser.execute_script("return document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": int(height), "scale": 1}
        shot = self._browser.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        path = self._folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(shot["data"]))
        assert path.stat().st_size > 10_000, "the picture is empty"
        return path


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser of a module's own: it keeps connections, so it must end before their servers do."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        reason = "no Chromium: install chromium and chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    browser = Chrome(options, Service(driver))
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
