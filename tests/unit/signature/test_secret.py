"""Secrets are read strictly, and never shown by an error or a repr."""

from __future__ import annotations

import base64

import pytest

from durian.errors import InvalidInput
from durian.signature import new_key_pair, new_secret, parse_secret, public_key

#: RFC 8032, section 7.1, test 2: the seed and its public key.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")


def written(prefix: str, key: bytes) -> str:
    return prefix + base64.b64encode(key).decode()


@pytest.mark.parametrize("size", [24, 25, 32, 63, 64])
def test_a_secret_of_24_to_64_bytes_is_read(size: int) -> None:
    secret = parse_secret(written("whsec_", b"k" * size))
    assert (secret.prefix, secret.key) == ("whsec_", b"k" * size)


@pytest.mark.parametrize("size", [0, 1, 5, 23, 65, 1000])
def test_any_other_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidInput, match=f"it holds {size} bytes") as caught:
        parse_secret(written("whsec_", b"k" * size))
    assert caught.value.field == "secret"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "whsec",
        "WHSEC_" + "A" * 44,
        "whsec_" + "!" * 44,
        "whsec_" + "\u00e9" * 44,
        "whsec_ " + "A" * 44,
        "whsec_" + "A" * 44 + "\n",
        "whsec_" + "A" * 41,
        "whsec_" + "_-" * 22,
        base64.b64encode(b"k" * 32).decode(),
    ],
)
def test_what_is_not_written_as_a_secret_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_secret(text)
    assert caught.value.field == "secret"


def test_padding_may_be_missing() -> None:
    text = written("whsec_", b"k" * 25)
    assert parse_secret(text.rstrip("=")) == parse_secret(text)


@pytest.mark.parametrize("key", [SEED, SEED + PUBLIC])
def test_a_private_key_is_read_with_or_without_its_public_half(key: bytes) -> None:
    secret = parse_secret(written("whsk_", key))
    assert (secret.prefix, secret.key) == ("whsk_", SEED)


def test_a_private_key_with_another_public_half_is_refused() -> None:
    with pytest.raises(InvalidInput, match="does not belong"):
        parse_secret(written("whsk_", SEED + SEED))


@pytest.mark.parametrize("prefix", ["whsk_", "whpk_"])
@pytest.mark.parametrize("size", [0, 24, 31, 33, 63, 65])
def test_keys_of_other_lengths_are_refused(prefix: str, size: int) -> None:
    with pytest.raises(InvalidInput, match=f"it holds {size} bytes"):
        parse_secret(written(prefix, b"k" * size))


def test_the_public_key_of_a_private_one() -> None:
    assert public_key(written("whsk_", SEED)) == written("whpk_", PUBLIC)


def test_only_a_private_key_has_a_public_one() -> None:
    with pytest.raises(InvalidInput, match="only a private key"):
        public_key(new_secret())


def test_new_secrets_and_keys_are_readable_and_different() -> None:
    assert len(parse_secret(new_secret()).key) == 32
    assert new_secret() != new_secret()
    private, public = new_key_pair()
    assert public_key(private) == public
    assert new_key_pair() != (private, public)


def test_errors_and_reprs_do_not_show_the_key() -> None:
    text = written("whsec_", b"Topsecret" * 10)
    with pytest.raises(InvalidInput) as caught:
        parse_secret(text)
    assert text[6:] not in str(caught.value)
    good = parse_secret(written("whsec_", b"Topsecret" * 4))
    assert "Topsecret" not in repr(good)
