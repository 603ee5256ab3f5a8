"""Only a fresh message signed by one of our secrets verifies; an error says why one does not."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.errors import InvalidInput, SignatureError
from durian.signature import Verified, Verifier, new_key_pair, new_secret, sign, verify

NOW = 1_800_000_000
BODY = b'{"name": "Joe"}'
SECRET = new_secret()
OTHER = new_secret()
PRIVATE, PUBLIC = new_key_pair()


def signed(*secrets: str, at: int = NOW, body: bytes = BODY) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secrets, "msg_1", at, body),
    }


def refused(headers: Mapping[str, str], *secrets: str, body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(headers, body, secrets or (SECRET,), now)
    return caught.value.message


@pytest.mark.parametrize(
    ("signers", "ours"),
    [
        ([SECRET], [SECRET]),
        ([SECRET, OTHER], [SECRET]),
        ([SECRET, OTHER], [OTHER]),
        ([OTHER], [SECRET, OTHER]),
        ([PRIVATE], [PUBLIC]),
        ([PRIVATE], [PRIVATE]),
        ([SECRET, PRIVATE], [PUBLIC]),
        ([SECRET, PRIVATE], [OTHER, SECRET, PUBLIC]),
    ],
)
def test_one_right_signature_by_one_known_secret_is_enough(
    signers: list[str], ours: list[str]
) -> None:
    assert verify(signed(*signers), BODY, ours, NOW) == Verified("msg_1", NOW)


def test_a_verifier_verifies_many() -> None:
    verifier = Verifier([SECRET])
    for at in range(NOW, NOW + 3):
        assert verifier.verify(signed(SECRET, at=at), BODY, NOW).timestamp == at


def test_names_of_headers_have_no_case() -> None:
    headers = {name.title(): value for name, value in signed(SECRET).items()}
    assert verify(headers, BODY, [SECRET], NOW).message_id == "msg_1"


@pytest.mark.parametrize("ours", [[OTHER], [PUBLIC], [OTHER, PUBLIC]])
def test_other_secrets_do_not_verify(ours: list[str]) -> None:
    assert "is right by our secrets" in refused(signed(SECRET), *ours)


@pytest.mark.parametrize("age_s", [-300, -299, 0, 299, 300])
def test_five_minutes_each_way_are_tolerated(age_s: int) -> None:
    assert verify(signed(SECRET, at=NOW - age_s), BODY, [SECRET], NOW).message_id == "msg_1"


@pytest.mark.parametrize(("age_s", "side"), [(301, "past"), (-301, "future"), (10**9, "past")])
def test_older_and_newer_messages_are_refused(age_s: int, side: str) -> None:
    message = refused(signed(SECRET, at=NOW - age_s))
    assert message == f"webhook-timestamp lies {abs(age_s)} s in the {side}."


def test_the_tolerance_can_be_chosen() -> None:
    headers = signed(SECRET, at=NOW - 1000)
    assert verify(headers, BODY, [SECRET], NOW, tolerance_s=1000).message_id == "msg_1"
    with pytest.raises(SignatureError):
        verify(headers, BODY, [SECRET], NOW, tolerance_s=999)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_header_is_named(name: str, value: str | None) -> None:
    headers = signed(SECRET)
    del headers[name]
    if value is not None:
        headers[name] = value
    assert refused(headers) == f"{name} is missing."


@pytest.mark.parametrize(
    "timestamp",
    [
        *("now", "-1", "+1800000000", "01800000000", "1.8e9", "1800000000.5", "0x1"),
        *("1_800_000_000", "9" * 13, "\u0661\u0662", "1800000000\n1"),
    ],
)
def test_a_timestamp_is_plain_digits(timestamp: str) -> None:
    headers = signed(SECRET) | {"webhook-timestamp": timestamp}
    assert "is not a number of seconds" in refused(headers)


@pytest.mark.parametrize("bad", ["a.b", "caf\u00e9", "x" * 256, "a b"])
def test_a_malformed_id_is_refused(bad: str) -> None:
    assert refused(signed(SECRET) | {"webhook-id": bad}) == "webhook-id is malformed."


@pytest.mark.parametrize(
    "value",
    ["v1", "v1,", ",", "v1,!!!", "v1,\u00e9", "v2,AAAA", "v1a,AAAA", "v1;x", "v1,AAAA v1a,AAAA"],
)
def test_malformed_and_foreign_signatures_are_merely_wrong(value: str) -> None:
    headers = signed(SECRET) | {"webhook-signature": value}
    assert "is right by our secrets" in refused(headers, SECRET, PUBLIC)


def test_signatures_of_later_versions_are_passed_over() -> None:
    headers = signed(SECRET)
    headers["webhook-signature"] = f"v2,xyz v9 {headers['webhook-signature']}"
    assert verify(headers, BODY, [SECRET], NOW).message_id == "msg_1"


def test_a_signature_counts_only_under_its_own_version() -> None:
    headers = signed(SECRET)
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1a,")
    assert "is right by our secrets" in refused(headers, SECRET, PUBLIC)


def test_a_flood_of_signatures_is_refused_unread() -> None:
    headers = signed(SECRET)
    headers["webhook-signature"] = " ".join([headers["webhook-signature"]] * 17)
    assert "more than 16" in refused(headers)


@given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_does_not_verify(body: bytes, place: int, change: int) -> None:
    headers = signed(SECRET, PRIVATE, body=body)
    assert verify(headers, body, [SECRET, PUBLIC], NOW).message_id == "msg_1"
    changed = bytearray(body or b"\x00")
    changed[place % len(changed)] ^= change if body else 0
    assert "is right" in refused(headers, SECRET, PUBLIC, body=bytes(changed))


def test_another_id_or_time_does_not_verify() -> None:
    assert "is right" in refused(signed(SECRET) | {"webhook-id": "msg_2"})
    assert "is right" in refused(signed(SECRET) | {"webhook-timestamp": str(NOW + 1)})


def test_a_cut_signature_does_not_verify() -> None:
    headers = signed(SECRET)
    raw = base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))
    headers["webhook-signature"] = "v1," + base64.b64encode(raw[:-1]).decode()
    assert "is right" in refused(headers)


def test_no_secrets_verify_nothing() -> None:
    with pytest.raises(InvalidInput) as caught:
        verify(signed(SECRET), BODY, [], NOW)
    assert caught.value.field == "secrets"
