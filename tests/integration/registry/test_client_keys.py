"""The keys of client certificates are stored with them, sealed, and go with them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from durian.errors import InvalidListener, NotFound, RegistryError
from durian.registry import Listener
from durian.registry.sql import tables
from durian.registry.sql.database import Database
from durian.registry.store import Store
from durian.registry.vault import Vault
from tests.support.certificates import Certificate, authority
from tests.support.registry import NOW, listener, secret

FIRST, SECOND = authority().issue("durian"), authority().issue("durian")


def showing(certificate: Certificate, **fields: str) -> Listener:
    return listener(policy={"cert_pem": certificate.cert_pem}, **fields)


def test_a_key_comes_with_its_listener_and_signs_nothing(store: Store) -> None:
    signing = secret()
    store.add_listener(showing(FIRST), signing, FIRST.key_pem)

    assert store.client_key_of("joe") == FIRST.key_pem
    assert store.secrets_of("joe", NOW) == [signing]
    assert store.get_listener("joe").policy.cert_pem == FIRST.cert_pem


def test_a_new_certificate_takes_its_key_along(store: Store) -> None:
    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    version = store.version()
    store.update_listener(showing(SECOND), SECOND.key_pem)
    assert store.client_key_of("joe") == SECOND.key_pem
    assert [one.id for one in store.changes(version).listeners] == ["joe"]

    store.update_listener(showing(SECOND, description="The same certificate."))
    assert store.client_key_of("joe") == SECOND.key_pem

    store.update_listener(listener())
    assert store.client_key_of("joe") is None


def test_what_does_not_belong_together_changes_nothing(store: Store) -> None:
    with pytest.raises(InvalidListener, match="key_pem: is needed"):
        store.add_listener(showing(FIRST), secret())
    with pytest.raises(InvalidListener, match="key_pem: is needed"):
        store.add_listeners([(showing(FIRST), secret())])
    with pytest.raises(NotFound):
        store.get_listener("joe")

    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    with pytest.raises(InvalidListener, match="key_pem: is needed"):
        store.update_listener(showing(SECOND))
    with pytest.raises(InvalidListener, match="key_pem: is not the key"):
        store.update_listener(showing(SECOND), FIRST.key_pem)
    assert store.get_listener("joe").policy.cert_pem == FIRST.cert_pem
    assert store.client_key_of("joe") == FIRST.key_pem


def test_a_rotation_of_secrets_leaves_the_key_alone(store: Store) -> None:
    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    store.rotate_secret("joe", secret(), 0, NOW)
    store.rotate_secret("joe", secret(), 0, NOW + 10)

    assert store.client_key_of("joe") == FIRST.key_pem
    assert len(store.secrets_of("joe", NOW + 10)) == 1


def test_a_key_goes_with_its_listener(store: Store) -> None:
    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    store.remove_listener("joe")
    store.add_listener(listener(), secret())

    assert store.client_key_of("joe") is None
    assert store.client_key_of("nobody") is None


def test_keys_are_sealed_and_sealed_anew(store: Store, registry_url: str) -> None:
    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    database = Database(registry_url)
    with database.reading() as connection:
        rows = connection.execute(sa.select(tables.secrets)).all()
    database.close()
    assert not [row for row in rows if FIRST.key_pem.splitlines()[1] in row.value]

    old, new = b"k" * 32, b"n" * 32
    with Store.open(registry_url, Vault([new, old])) as both:
        assert both.reencrypt() == 2
    with Store.open(registry_url, Vault([new])) as newest:
        assert newest.client_key_of("joe") == FIRST.key_pem


def test_a_secret_does_not_open_as_a_key(store: Store, registry_url: str) -> None:
    store.add_listener(showing(FIRST), secret(), FIRST.key_pem)
    signing = sa.select(tables.secrets.c.value).where(tables.secrets.c.kind == "hmac")
    database = Database(registry_url)
    with database.locked() as connection:
        value = connection.execute(signing).scalar_one()
        connection.execute(sa.update(tables.secrets).values(value=value))
    database.close()

    assert store.secrets_of("joe", NOW)
    with pytest.raises(RegistryError, match="altered"):
        store.client_key_of("joe")
