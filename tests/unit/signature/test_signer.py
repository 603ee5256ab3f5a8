"""Signatures are those of Standard Webhooks 1.0, over raw bytes, by every secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from durian.errors import InvalidInput
from durian.signature import Signer, new_secret, sign

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(100, 140))).decode()

#: RFC 8032, section 7.1, test 1: the seed and its public key.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
PRIVATE_KEY = "whsk_" + base64.b64encode(SEED).decode()


def test_a_signature_is_the_hmac_of_id_timestamp_and_body() -> None:
    body = b'{"name": "Joe"}'
    expected = hmac.new(KEY, b"msg_1.1700000000." + body, hashlib.sha256).digest()
    assert sign([SECRET], "msg_1", 1700000000, body) == "v1," + base64.b64encode(expected).decode()


def test_a_known_message_has_its_known_signature() -> None:
    secret = "whsec_" + base64.b64encode(b"durian-durian-durian-32-bytes-ok").decode()
    assert (
        sign([secret], "msg_k3f9", 1735689600, b'{"hello":"world"}')
        == "v1,RegBrj82BQttzSsW9C9MPgX8blu429cvp5j1wJg5jcQ="
    )


def test_a_known_message_has_its_known_ed25519_signature() -> None:
    expected = (
        "v1a,yMbR9sngA8CoCpf0c2Dz8xr/YL631Qu4UMjyc45W9yNN5jAia4XPjn+"
        "MqJ1eo6E1kmpT9MXJAMSES4xXRYr6AA=="
    )
    assert sign([PRIVATE_KEY], "msg_k3f9", 1735689600, b'{"hello":"world"}') == expected


def test_several_secrets_give_several_signatures_in_their_order() -> None:
    both = sign([SECRET, PRIVATE_KEY, OTHER], "msg_1", 5, b"x")
    assert both == " ".join(sign([one], "msg_1", 5, b"x") for one in (SECRET, PRIVATE_KEY, OTHER))


def test_an_ed25519_signature_verifies_by_the_public_key() -> None:
    value = sign([PRIVATE_KEY], "msg_1", 5, b"\x00\xff")
    version, _, encoded = value.partition(",")
    assert version == "v1a"
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(
        base64.b64decode(encoded), b"msg_1.5.\x00\xff"
    )


@given(st.text(max_size=300))
def test_official_verifiers_accept_any_text(body: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign([OTHER, SECRET], "msg_1", now, body.encode()),
    }
    standardwebhooks.Webhook(SECRET).verify(body, headers, json_parse=False)
    svix.webhooks.Webhook(OTHER).verify(body.encode(), headers)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_signed(body: bytes) -> None:
    expected = hmac.new(KEY, b"m.1." + body, hashlib.sha256).digest()
    assert sign([SECRET], "m", 1, body) == "v1," + base64.b64encode(expected).decode()


def test_a_signer_signs_many_messages_alike() -> None:
    signer = Signer([SECRET])
    assert signer.sign("a", 1, b"x") == signer.sign("a", 1, b"x") == sign([SECRET], "a", 1, b"x")
    assert signer.sign("a", 2, b"x") != signer.sign("a", 1, b"x")
    assert signer.sign("b", 1, b"x") != signer.sign("a", 1, b"x")
    assert signer.sign("a", 1, b"y") != signer.sign("a", 1, b"x")


@pytest.mark.parametrize("bad", ["", "a.b", "a b", "caf\u00e9", "a\n", "x" * 256])
def test_an_id_that_could_be_read_two_ways_is_not_signed(bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sign([SECRET], bad, 1, b"")
    assert caught.value.field == "message_id"


def test_a_time_before_1970_is_not_signed() -> None:
    with pytest.raises(InvalidInput) as caught:
        sign([SECRET], "a", -1, b"")
    assert caught.value.field == "timestamp"


def test_no_secrets_sign_nothing() -> None:
    with pytest.raises(InvalidInput) as caught:
        Signer([])
    assert caught.value.field == "secrets"


def test_a_public_key_cannot_sign() -> None:
    public = "whpk_" + base64.b64encode(PUBLIC).decode()
    with pytest.raises(InvalidInput, match="cannot sign"):
        Signer([new_secret(), public])
