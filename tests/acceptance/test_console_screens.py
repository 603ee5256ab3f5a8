"""An operator's first day with the web pages, in a browser: from an empty house to a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import Select

from tests.support.browser import Camera, Screens
from tests.support.cli import Running
from tests.support.moody import MoodyReceiver
from tests.support.registry import put_registry

#: What a receiver answers that wishes us ill.
SCRIPT = "<script>document.title = 'taken over'</script><h1>It broke</h1>"

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "description": "Their full name"},
        "age": {"type": "integer"},
        "plan": {"enum": ["free", "pro"]},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
EXAMPLE = {"name": "Joe", "age": 31, "plan": "pro", "address": {"city": "Oslo"}}

#: A breaker that opens at the third failure, and soon looks whether it can be closed.
SETTINGS = {
    "DURIAN_ALLOWED_NETWORKS": "127.0.0.0/8",
    "DURIAN_BREAKER_FAILURES": "3",
    "DURIAN_BREAKER_PAUSE_S": "1",
    "DURIAN_BREAKER_LONGEST_PAUSE_S": "1",
}


class House:
    """A running `durian up`, and the token of its machine."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def ask(self, path: str, body: Any) -> Any:
        """Ask the REST API for something."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.post(f"{self.url}/v1{path}", json=body, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def publish(self, name: str) -> None:
        """Publish that somebody was added."""
        event = {"specversion": "1.0", "id": name, "type": "person", "source": "/shop"}
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/cloudevents+json",
        }
        body = json.dumps(event | {"data": {"name": name}})
        url = f"{self.url}/v1/events"
        assert requests.post(url, body, headers=headers, timeout=60).ok


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    put_registry(tmp_path)
    with Running(
        "up", "--port", "0", "--log-format", "json", home=tmp_path, settings=SETTINGS
    ) as up:
        url = up.wait_json("url")["url"]
        token = (tmp_path / "config" / "durian" / "local.token").read_text().strip()
        yield House(url, token)
        assert up.stop() == 0


@pytest.fixture
def receiver() -> Iterator[MoodyReceiver]:
    with MoodyReceiver() as receiver:
        yield receiver


@pytest.fixture
def screens(browser: Chrome, house: House) -> Screens:
    """The console, after logging in."""
    screens = Screens(browser, house.url)
    screens.open("/")
    assert "Log in to Durian" in screens.text()
    screens.find("#token").send_keys(house.token)
    screens.press("Log in")
    return screens


def define_event_type(screens: Screens) -> None:
    screens.open("/console/hooks/edit")
    screens.find("#name").send_keys("person")
    screens.find("#description").send_keys("Somebody was added.")
    screens.find("#schema").send_keys(json.dumps(SCHEMA))
    screens.find("#example").send_keys(json.dumps(EXAMPLE))
    screens.press("Save")


def create_listener(screens: Screens, url: str, camera: Camera) -> str:
    """Create a listener in two screens; return its id."""
    screens.open("/console/")
    screens.press("Create the first listener", "a")
    screens.find("input[value=person]").click()
    camera.take("console/select-event")
    screens.press("Next")
    Select(screens.find("select[name=op_0]")).select_by_visible_text("start with")
    screens.find("input[name=value_0]").send_keys("J")
    screens.wait_for("of the last 1 events would match")
    screens.find("#url").send_keys("https://where.joe/is/listening")
    camera.take("console/create-listener")
    screens.find("#url").clear()
    screens.find("#url").send_keys(url)
    screens.find("details.card > summary").click()
    screens.find("#schedule_s").clear()
    screens.find("#schedule_s").send_keys("0s")
    screens.press("Create the listener", 'button[not(contains(@class, "unseen"))]')
    assert screens.find("#secret").text.startswith("whsec_")
    camera.take("console/created")
    screens.press("Look at the listener", "a")
    return str(screens.browser.current_url.rpartition("/")[2])


def rotate(screens: Screens, listener: str, receiver: MoodyReceiver) -> None:
    """Give it a new secret, and see that a test event is signed by it and the old one."""
    screens.open(f"{listener}/rotate")
    screens.press("Rotate the secret")
    assert screens.find("#secret").text.startswith("whsec_")
    screens.open(listener)
    screens.press("Send a test event")
    screens.wait_until(
        lambda: receiver.received[-1]["webhook-signature"].count("v1,") == 2,
        "nothing arrived that both secrets sign",
    )


def test_the_first_day(
    screens: Screens, house: House, receiver: MoodyReceiver, camera: Camera
) -> None:
    assert "Nobody listens yet" in screens.text()
    define_event_type(screens)
    screens.press("Publish")
    assert "Data" in screens.text()
    listener = f"/console/listeners/{create_listener(screens, receiver.url, camera)}"

    # A test event arrives, and is seen without loading anything anew.
    assert "Nothing was sent here yet" in screens.text()
    screens.press("Send a test event")
    screens.wait_to_see("td .badge.good")
    assert receiver.received[-1]["webhook-signature"].startswith("v1,")

    # The receiver fails: the breaker opens, and what was tried is a dead letter.
    receiver.status, receiver.body = 500, SCRIPT
    for number in range(4):
        house.publish(f"Joe {number}")
    screens.wait_for("It fails since")
    screens.wait_to_see("td .badge.bad")
    screens.open(f"{listener}/dead")
    assert "dead letters" in screens.text()
    screens.click("td a.row-link")
    screens.wait_for("It was given up")
    assert "It broke</h1>" in screens.text()
    assert "taken over" not in screens.browser.title
    camera.take("console/delivery")

    # It is mended: a probe finds out, and the dead letters are sent again.
    receiver.status, receiver.body = 200, "thanks"
    screens.open(listener)
    house.publish("Joe again")
    screens.wait_to_see("#state .badge.good")
    screens.open(f"{listener}/dead")
    camera.take("console/dead-letters")
    screens.press("Send all of them again")
    screens.wait_for("done")
    job = screens.browser.current_url
    screens.browser.refresh()
    assert "What came of it" in screens.text()
    assert job == screens.browser.current_url
    camera.take("console/job")
    screens.open(f"{listener}/dead")
    assert "No dead letters" in screens.text()
    names = {one["ce-id"] for one in receiver.received}
    assert len(names) == 6, "the test event and five others"

    rotate(screens, listener, receiver)


def test_an_owner_sees_only_their_own(
    screens: Screens, house: House, receiver: MoodyReceiver, camera: Camera
) -> None:
    for name, owner in (("orders", "acme"), ("people", "acme"), ("secretive", "bolt")):
        new = {"id": name, "url": receiver.url, "event": "person", "owner": owner}
        house.ask("/listeners", new)
    link = house.ask("/portal-links", {"owner": "acme"})["url"]
    path = link[link.index("/portal/") :]
    screens.browser.delete_all_cookies()
    screens.open(path)
    assert "orders" in screens.text()
    assert "secretive" not in screens.text()
    screens.press("people", "a")
    screens.press("Send a test event")
    screens.wait_to_see("td .badge.good")
    camera.take("console/portal")
    screens.open(f"{path}listeners/secretive")
    assert "That did not work" in screens.text()
    screens.open("/console/listeners")
    assert "Log in to Durian" in screens.text()
