"""Other systems' webhooks: verified as each signs, named as each names, and kept byte for byte."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from durian.errors import DurianError, InvalidEvent, SignatureError
from durian.events import Event, http
from durian.registry.source import Scheme, Source
from durian.signature import new_secret, sign
from durian.sources import receive

NOW = 1_800_000_000

SECRET = "It's-a-secret-to-everybody"
BODY = b'{"id": "evt_1", "type": "invoice.paid", "n":  1.50}'


def source(scheme: Scheme) -> Source:
    return Source(id=f"{scheme}-shop", scheme=scheme, event=scheme, created_at=NOW)


def hexdigest(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, "sha256").hex()


def github(body: bytes = BODY, secret: str = SECRET, **headers: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": f"sha256={hexdigest(secret, body)}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }


def stripe(
    body: bytes = BODY, secret: str = SECRET, at: int = NOW, more: str = ""
) -> dict[str, str]:
    signature = hexdigest(secret, f"{at}.".encode() + body)
    return {"Stripe-Signature": f"t={at},v1={signature}{more}", "content-type": "application/json"}


def standard(secret: str, body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": sign([secret], "msg_1", at, body),
        "content-type": "application/json",
    }


def received(
    scheme: Scheme, headers: Mapping[str, str], body: bytes = BODY, *secrets: str
) -> Event:
    (event,) = receive(source(scheme), secrets or (SECRET,), headers, body, now=NOW)
    return event


def test_githubs_own_example_verifies() -> None:
    """The secret, the body and the signature of GitHub's documentation."""
    documented = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    # The body is no JSON, so the signature is all that is right.
    with pytest.raises(InvalidEvent, match="not valid JSON"):
        received("github", github(X_Hub_Signature_256=f"sha256={documented}"), body, secret)
    with pytest.raises(SignatureError):
        received("github", github(X_Hub_Signature_256=f"sha256={documented}"), body + b" ", secret)


def test_githubs_webhook_is_an_event_named_by_its_headers() -> None:
    event = received("github", github())
    assert event.type == "github.pull_request"
    assert event.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert (event.source, event.body) == ("/sources/github-shop", BODY)


def test_stripes_webhook_is_an_event_named_by_its_body() -> None:
    event = received("stripe", stripe())
    assert (event.type, event.id, event.body) == ("stripe.invoice.paid", "evt_1", BODY)
    assert event.source == "/sources/stripe-shop"


def test_a_webhook_by_the_standard_is_an_event_named_by_its_body() -> None:
    secret = new_secret()
    event = received("standard", standard(secret), BODY, secret)
    assert (event.type, event.id, event.body) == ("standard.invoice.paid", "msg_1", BODY)


def test_svix_signs_by_the_standard_under_names_of_its_own() -> None:
    secret = new_secret()
    signed = {name.replace("webhook", "Svix"): value for name, value in standard(secret).items()}
    event = received("standard", signed, BODY, secret)
    assert (event.type, event.id, event.body) == ("standard.invoice.paid", "msg_1", BODY)
    with pytest.raises(SignatureError):
        received("standard", signed, BODY + b" ", secret)


@pytest.mark.parametrize("body", [b"[1]", b'{"type": 7}', b"null"])
def test_a_webhook_by_the_standard_need_not_name_a_type(body: bytes) -> None:
    secret = new_secret()
    assert received("standard", standard(secret, body), body, secret).type == "standard"


@pytest.mark.parametrize("encode", [http.encode_binary, http.encode_structured])
def test_a_signed_cloudevent_stays_what_it_is_but_for_its_type(encode: Any) -> None:
    secret, sent = new_secret(), Event(type="order.paid", source="/shop", subject="17", data=[1.5])
    headers, body = encode(sent)
    event = received("standard", {**standard(secret, body), **headers}, body, secret)
    assert event.type == "standard.order.paid"
    assert (event.id, event.source, event.subject) == (sent.id, "/shop", "17")
    assert (event.body, event.time) == (sent.body, sent.time)


def test_headers_that_nobody_signed_make_no_cloudevent() -> None:
    forged = {"ce-specversion": "1.0", "ce-type": "x", "ce-id": "x", "ce-source": "x"}
    assert received("github", {**github(), **forged}).type == "github.pull_request"
    assert received("stripe", {**stripe(), **forged}).type == "stripe.invoice.paid"


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("github", github(secret="new-new-new-new-new")),
        ("stripe", stripe(secret="new-new-new-new-new")),
    ],
)
def test_during_a_rotation_both_secrets_verify(scheme: Scheme, headers: Mapping[str, str]) -> None:
    received(scheme, headers, BODY, "new-new-new-new-new", SECRET)
    received(scheme, headers, BODY, SECRET, "new-new-new-new-new")


def test_one_right_signature_of_several_is_enough_at_stripe() -> None:
    wrong = f",v1={'0' * 64},v0={'1' * 64}"
    assert received("stripe", stripe(more=wrong)).id == "evt_1"


_OLD = NOW - 301
_LATER = NOW + 301


@pytest.mark.parametrize(
    ("scheme", "headers", "body", "words"),
    [
        ("github", {}, BODY, "X-Hub-Signature-256 is missing"),
        ("github", github(X_Hub_Signature_256="sha1=00"), BODY, "malformed"),
        ("github", github(X_Hub_Signature_256="sha256=\u00e9"), BODY, "malformed"),
        ("github", github(), BODY + b" ", "No signature"),
        ("github", github(secret="another-secret-than-ours"), BODY, "No signature"),
        ("github", github(X_GitHub_Delivery=""), BODY, "X-GitHub-Delivery: is missing"),
        ("github", github(X_GitHub_Event=""), BODY, "X-GitHub-Event: is missing"),
        ("github", github(Content_Type="application/x-www-form-urlencoded"), BODY, "Choose appl"),
        ("github", github(X_GitHub_Event="a b"), BODY, "white space"),
        ("stripe", {}, BODY, "Stripe-Signature is missing"),
        ("stripe", {"Stripe-Signature": f"t={NOW}"}, BODY, "missing or malformed"),
        ("stripe", {"Stripe-Signature": "t=x,v1=00"}, BODY, "missing or malformed"),
        ("stripe", {"Stripe-Signature": "t=1,t=2,v1=00"}, BODY, "missing or malformed"),
        ("stripe", {"Stripe-Signature": "t=1" + ",v1=00" * 17}, BODY, "more than 16"),
        ("stripe", stripe(), BODY + b" ", "No signature"),
        ("stripe", stripe(at=_OLD), BODY, "five minutes"),
        ("stripe", stripe(at=_LATER), BODY, "five minutes"),
        ("stripe", stripe(b"[]"), b"[]", "data.id: is missing"),
        ("stripe", stripe(b'{"id": "1"}'), b'{"id": "1"}', "data.type: is missing"),
        ("stripe", stripe(b"{"), b"{", "not valid JSON"),
    ],
)
def test_what_is_not_right_is_refused_with_a_reason(
    scheme: Scheme, headers: Mapping[str, str], body: bytes, words: str
) -> None:
    with pytest.raises(DurianError, match=words):
        received(scheme, headers, body)


def test_by_the_standard_an_old_or_forged_webhook_is_refused() -> None:
    secret = new_secret()
    with pytest.raises(SignatureError, match="in the past"):
        received("standard", standard(secret, at=_OLD), BODY, secret)
    with pytest.raises(SignatureError, match="No signature"):
        received("standard", standard(secret), BODY + b" ", secret)


def test_a_signed_batch_is_the_events_that_it_holds() -> None:
    secret, sent = new_secret(), [Event(type="a", source="/shop"), Event(type="b", data=1)]
    headers, body = http.encode_batch(sent)
    signed = {**standard(secret, body), **headers}
    found = receive(source("standard"), [secret], signed, body, now=NOW)
    assert [event.id for event in found] == [event.id for event in sent]
    assert [event.type for event in found] == ["standard.a", "standard.b"]
    assert found[0].source == "/shop"


def test_a_batch_with_one_wrong_event_is_refused_as_a_whole() -> None:
    secret = new_secret()
    headers, body = http.encode_batch([Event(type="a")])
    body = body[:-1] + b',{"specversion":"1.0"}]'
    with pytest.raises(InvalidEvent, match="event 1 of the batch"):
        receive(source("standard"), [secret], {**standard(secret, body), **headers}, body, now=NOW)
