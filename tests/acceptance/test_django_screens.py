"""The two screens and what follows, in a browser, from a click to a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import Select

from durian.django.deployment import DjangoDeployment
from durian.django.settings import DjangoSettings
from durian.hook import Hook, ModelHook, NotDelivered, use
from durian.registry import hooks
from tests.support.browser import Camera, Screens
from tests.support.people.models import Account, Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


class PersonHook(ModelHook):
    """What the first durian's page is about."""

    name = "person"
    verbose_name = "Person"
    description = "Somebody was added, or something about them has changed."
    model = Person
    provides_args = ("name", "address", "age", "owner.email")
    asynchronous = False


class OrderHook(Hook):
    """Another event to choose from."""

    name = "order.paid"
    verbose_name = "Order paid"
    description = "The payment of an order has arrived."
    provides_args = ("number", "total", "customer.email")
    asynchronous = False


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path) -> Iterator[DjangoDeployment]:
    deployment = DjangoDeployment(
        DjangoSettings(
            registry_url=f"sqlite:///{tmp_path / 'registry.db'}",
            secret_key_file=tmp_path / "key",
            allowed_networks=("127.0.0.0/8",),
        )
    )
    before = use(deployment)
    hooks.register(PersonHook)
    hooks.register(OrderHook)
    yield deployment
    hooks.unregister("person")
    hooks.unregister("order.paid")
    use(before)
    deployment.close()


@pytest.fixture
def screens(browser: Chrome, live_server: Any) -> Screens:
    user = Account.objects.create(username="joe", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    screens = Screens(browser, live_server.url)
    screens.open("/static/durian/durian.svg")  # a page to set the cookie on
    cookie = client.cookies["sessionid"]
    browser.add_cookie({"name": "sessionid", "value": cookie.value, "path": "/"})
    return screens


def test_select_an_event_create_a_listener_save_a_person(
    screens: Screens, camera: Camera, settings: Any
) -> None:
    settings.DEBUG = True
    screens.open("/webhooks/")
    assert "Nobody listens yet" in screens.text()
    screens.click("a.primary")
    screens.find("input[value=person]").click()
    camera.take("django/select-event")
    screens.click("button.primary")

    screens.find("#id_url").send_keys("https://where.joe/is/listening")
    Select(screens.find("#id_matcher_0")).select_by_visible_text("starts with")
    screens.find("#id_value_0").send_keys("J")
    camera.take("django/create-listener")
    screens.find("#id_url").clear()
    screens.find("#id_url").send_keys(f"{screens.url}/webhooks/listening/")
    screens.click("button.primary")
    assert "whsec_" in screens.find(".secret").text

    Person.objects.create(name="Bo", address="3 Ash Street")
    Person.objects.create(name="Joe", address="1 Elm Street", age=41)
    screens.open("/webhooks/listening/")
    assert '"name": "Joe"' in screens.text()
    assert '"name": "Bo"' not in screens.text()


def test_a_mistake_is_shown_beside_its_field(screens: Screens) -> None:
    screens.open("/webhooks/add/listener/?event=person")
    screens.find("#id_url").send_keys("where.joe")
    Select(screens.find("#id_matcher_2")).select_by_visible_text("is more than")
    screens.find("#id_value_2").send_keys("many")
    screens.click("button.primary")

    assert len(screens.find(".field.wrong").text) > 0
    assert "number" in screens.find(".condition.wrong .error").text


def test_listeners_attempts_and_the_admin(screens: Screens, camera: Camera, settings: Any) -> None:
    settings.DEBUG = True
    hook, order = PersonHook(), OrderHook()
    listening = f"{screens.url}/webhooks/listening/"
    joe = hook.listener(url=listening, description="Joe's mailing list").match(name="Joe").save()
    hook.listener(url="https://crm.example/hooks/durian").match(age=18).save()
    order.listener(url="http://127.0.0.1:9/paid", id="books").match(number=7).save()
    with pytest.raises(NotDelivered):
        order.send(None, number=7, total="12.50")
    Person.objects.create(name="Joe", address="1 Elm Street")

    screens.open("/webhooks/")
    assert "Joe's mailing list" in screens.text()
    camera.take("django/listeners")
    screens.open(f"/webhooks/{joe.id}/")
    camera.take("django/listener")
    screens.open(f"/webhooks/{joe.id}/change/")
    assert screens.find("#id_filter").get_attribute("value") == "name=Joe"
    screens.open("/webhooks/attempts/")
    camera.take("django/attempts")
    screens.open("/admin/durian/listener/add/")
    camera.take("django/admin-select-event")
    screens.open("/admin/durian/listener/")
    assert "Joe's mailing list" in screens.text()
