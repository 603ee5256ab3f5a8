from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from durian.errors import (
    BrokerUnavailable,
    Conflict,
    InvalidEvent,
    InvalidFilter,
    InvalidHook,
    InvalidSettings,
    MissingExtra,
    NotFound,
)
from durian.hook import Deployment, Hook, Settings, SignalHook, muted, use
from durian.hook.parts import part
from durian.match import Filter, Startswith
from durian.registry import Hooks
from tests.support.hooks import Recording
from tests.support.registry import listener, make_registry, secret


@pytest.fixture
def recording() -> Iterator[Recording]:
    deployment = Recording()
    before = use(deployment)
    yield deployment
    use(before)


class Signal:
    """As much of a signal as hooks ask for."""

    def __init__(self) -> None:
        self.receivers: dict[str, Any] = {}

    def connect(self, receiver: Any, *, sender: Any, weak: bool, dispatch_uid: str) -> None:
        assert sender is None
        assert not weak
        self.receivers[dispatch_uid] = receiver

    def disconnect(self, *, sender: Any, dispatch_uid: str) -> None:
        assert sender is None
        del self.receivers[dispatch_uid]

    def send(self, sender: Any, **arguments: Any) -> None:
        for receiver in self.receivers.values():
            receiver(sender=sender, signal=self, **arguments)


logged_in = Signal()


class OrderHook(Hook):
    name = "order.paid"
    verbose_name = "Order paid"
    provides_args = ("number", "total", "customer.email")


def test_what_is_provided_is_sent_and_nothing_else(recording: Recording) -> None:
    event = OrderHook().send(
        None, number=7, total=12.5, customer={"email": "joe@x.org", "card": "4111"}, secret="s"
    )

    assert recording.events == [event]
    assert event is not None
    assert (event.type, event.source) == ("order.paid", "/test")
    assert event.data == {"number": 7, "total": 12.5, "customer": {"email": "joe@x.org"}}


def test_what_is_provided_but_not_given_is_left_out(recording: Recording) -> None:
    OrderHook().send(None, number=7)

    assert recording.events[0].data == {"number": 7}


def test_without_provides_args_everything_is_sent(recording: Recording) -> None:
    Hook(name="ping").send(None, a=1, b={"c": 2})

    assert recording.events[0].data == {"a": 1, "b": {"c": 2}}


def test_functions_provide_values_under_their_names_or_others(recording: Recording) -> None:
    def tax(order: Any) -> float:
        return float(order["total"]) / 5

    Hook(name="a", provides_args=["total", tax]).send(None, total=10)
    Hook(name="b", provides_args={"order.tax": tax, "sum": "total"}).send(None, total=10)

    assert [event.data for event in recording.events] == [
        {"total": 10, "tax": 2.0},
        {"order": {"tax": 2.0}, "sum": 10},
    ]


@pytest.mark.parametrize(
    ("provides_args", "reason"),
    [
        ("name", "is the text 'name'"),
        (["first name"], "is no name or dotted path"),
        ([lambda _: 1], "has no name"),
        (["owner", "owner.email"], "have the same place"),
        (["a", "a"], "have the same place"),
        ([7], "has no name"),
    ],
)
def test_provides_args_that_cannot_be_used_are_explained(provides_args: Any, reason: str) -> None:
    with pytest.raises(InvalidHook, match=reason) as caught:
        Hook(name="x", provides_args=provides_args)
    assert caught.value.field == "provides_args"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "order.*"}, "name"),
        ({"name": "x", "timeout": 0}, "timeout"),
        ({"name": "x", "max_retries": -1}, "max_retries"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "schema": 3}, "schema"),
    ],
)
def test_a_hook_that_cannot_be_used_names_the_attribute(
    options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidHook) as caught:
        Hook(**options)
    assert caught.value.field == field


def test_a_hook_carries_its_delivery_over_to_its_listeners(recording: Recording) -> None:
    hook = Hook(name="x", timeout=2, max_retries=2)
    hook.listener(url="https://joe.example/").save()
    hook.listener(url="https://joe.example/", timeout_s=9, payload="standard").save()

    first, second = (listener.policy for listener in recording.listeners)
    assert (first.timeout_s, first.connect_timeout_s, first.schedule_s) == (2, 2, (0, 5, 300))
    assert (second.timeout_s, second.payload) == (9, "standard")


def test_a_hook_has_the_first_durians_defaults() -> None:
    policy = Hook(name="x").policy()

    assert (policy.timeout_s, len(policy.schedule_s)) == (4, 1 + 3)
    assert Hook(name="x", retry=False).policy().schedule_s == (0,)
    assert Hook(name="x", max_retries=12).policy().schedule_s[-3:] == (24 * 3600,) * 3


def test_a_listener_matches_what_was_asked_for(recording: Recording) -> None:
    hook = OrderHook()
    saved = (
        hook.listener(url="https://joe.example/paid", description="Joe's")
        .match(number=7)
        .match(**{"customer.email": Startswith("j")})
        .save()
    )

    (listener,) = recording.listeners
    assert saved.listener == listener
    assert saved.secret.startswith("whsec_")
    assert saved.id.startswith("joe-example-paid-")
    assert (listener.event, listener.description) == ("order.paid", "Joe's")
    assert Filter.parse(listener.filter) == Filter(number=7, customer={"email": Startswith("j")})


@pytest.mark.usefixtures("recording")
def test_a_condition_on_what_is_not_provided_is_refused() -> None:
    with pytest.raises(InvalidFilter, match=r"It provides number, total, customer\.email"):
        OrderHook().listener(url="https://joe.example/").match(secret="x")
    OrderHook().listener(url="https://joe.example/").match(**{"@source": "/shop"})
    Hook(name="open").listener(url="https://joe.example/").match(anything="x")


def test_hooks_are_registered_as_classes_or_instances() -> None:
    hooks = Hooks()

    assert hooks.register(OrderHook) is OrderHook
    hooks.register(Hook(name="ping"))

    assert hooks.as_choices() == [("order.paid", "Order paid"), ("ping", "ping")]
    assert isinstance(hooks["order.paid"], OrderHook)
    assert "ping" in hooks
    assert len(hooks) == 2


def test_a_name_is_taken_once() -> None:
    hooks = Hooks()
    hooks.register(OrderHook)

    with pytest.raises(Conflict, match=r"A hook named 'order\.paid' is registered already"):
        hooks.register(OrderHook())


@pytest.mark.parametrize("by", [OrderHook, OrderHook(), "order.paid"])
def test_a_hook_is_unregistered_by_class_instance_or_name(by: Any) -> None:
    hooks = Hooks()
    hooks.register(OrderHook)
    hooks.unregister(by)

    assert len(hooks) == 0
    with pytest.raises(NotFound, match=r"order\.paid"):
        hooks.unregister(by)
    with pytest.raises(NotFound):
        hooks["order.paid"]


def test_a_class_that_makes_no_hook_is_named_with_what_is_wrong() -> None:
    wrong = type("PersonHook", (Hook,), {"name": "per son"})
    with pytest.raises(InvalidHook, match=r"^PersonHook\.name: 'per son' must be printable"):
        Hooks().register(wrong)
    deaf = type("DeafHook", (SignalHook,), {"name": "deaf", "signal": 7})
    with pytest.raises(InvalidHook, match=r"^DeafHook\.signal: 7 is no signal\. Give a signal"):
        Hooks().register(deaf)


def test_what_is_no_hook_is_not_registered() -> None:
    with pytest.raises(InvalidHook, match="is no hook"):
        Hooks().register(object())


def test_a_failure_is_raised_unless_the_hook_is_silent(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    recording.error = BrokerUnavailable()
    with pytest.raises(BrokerUnavailable):
        OrderHook().send(None, number=1)
    with caplog.at_level(logging.ERROR):
        assert OrderHook(fail_silently=True).send(None, number=1) is None
    assert "hook.failed hook=order.paid" in caplog.text


def test_what_json_cannot_hold_is_refused(recording: Recording) -> None:
    with pytest.raises(InvalidEvent):
        Hook(name="x").send(None, value=object())
    assert not recording.events


def test_a_muted_hook_sends_nothing(recording: Recording) -> None:
    ping, pong = Hook(name="ping"), Hook(name="pong")
    with muted("ping"):
        assert ping.send() is None
        pong.send()
        with muted():
            pong.send()
        asyncio.run(pong.asend())
        elsewhere = threading.Thread(target=ping.send)
        elsewhere.start()
        elsewhere.join()
    ping.send()

    assert [event.type for event in recording.events] == ["pong", "pong", "ping", "ping"]


def test_a_muted_coroutine_mutes_what_it_awaits(recording: Recording) -> None:
    async def send() -> None:
        with muted():
            await Hook(name="ping").asend()

    asyncio.run(send())

    assert recording.events == []


def test_a_coroutine_sends_without_blocking(recording: Recording) -> None:
    event = asyncio.run(OrderHook().asend(None, number=7))

    assert recording.events == [event]


def test_a_signal_triggers_its_hook_until_it_is_unregistered(recording: Recording) -> None:
    hook = SignalHook(name="login", signal=logged_in, provides_args=["user"])
    hooks = Hooks()
    hooks.register(hook)
    logged_in.send(object(), user="joe", request="secret")
    hooks.unregister(hook)
    logged_in.send(object(), user="bo")

    assert [event.data for event in recording.events] == [{"user": "joe"}]


def test_without_provides_args_a_signals_arguments_are_sent(recording: Recording) -> None:
    hook = SignalHook(name="login", signal=logged_in)
    hook.bind()
    logged_in.send(object(), user="joe", using="default")
    hook.unbind()

    assert recording.events[0].data == {"user": "joe"}


@pytest.mark.parametrize("signal", [None, "nowhere.at_all", "logging.nothing", "plain", 3])
def test_a_signal_that_is_none_is_refused(signal: Any) -> None:
    with pytest.raises(InvalidHook) as caught:
        Hooks().register(SignalHook(name="x", signal=signal))
    assert caught.value.field == "SignalHook.signal"


def test_settings_come_from_the_environment_where_they_are_not_given() -> None:
    environment = {"DURIAN_PREFIX": "shop", "DURIAN_ALLOWED_NETWORKS": "10.0.0.0/8, ::1/128"}
    settings = Settings.read({"source": "/shop"}, environment)

    assert (settings.prefix, settings.source) == ("shop", "/shop")
    assert settings.allowed_networks == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("name", "value"), [("DURIAN_PREFIX", "a b"), ("DURIAN_OWNER_ATTRIBUTE", "ce-tenant")]
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.read({}, {name: value})
    assert caught.value.field == name


def test_programs_with_hooks_keep_owners_to_their_events(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/d.db"
    make_registry(url)
    given = {"registry_url": url, "secret_key_file": tmp_path / "key"}
    deployment = Deployment(Settings.read(given, {"DURIAN_OWNER_ATTRIBUTE": "tenant"}))
    try:
        deployment.add_listener(listener("joe", owner="acme", filter='{"name":"Яна"}'), secret())
        filed = deployment.store.get_listener("joe").filter
    finally:
        deployment.close()

    assert json.loads(filed) == {"name": "Яна", "@tenant": "acme"}
    assert "Яна" in filed  # as short as it was: escapes would take three times as much


def test_without_a_broker_events_are_handed_to_durian_up() -> None:
    before = use(Deployment(Settings(api_port=9)))
    try:
        with pytest.raises(BrokerUnavailable, match="Start `durian up` there"):
            Hook(name="x").send(None)
    finally:
        use(before)


def test_a_part_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(MissingExtra, match=r'pip install "durian\[all\]"'):
        part("nothing")


def test_a_type_says_what_its_events_hold() -> None:
    @dataclass
    class Moved:
        to: str

    spec = Hook(name="moved", schema=Moved).spec()
    assert spec.schema is not None
    assert spec.schema["required"] == ["to"]
