"""The part of the registry's store that holds sources.

They are no change of the registry: followers hear nothing of them.
"""

from __future__ import annotations

from durian.errors import InvalidSource
from durian.registry import audit
from durian.registry.part import Part
from durian.registry.source import Source, SourceSecret
from durian.registry.sql import sources


class SourceStore(Part):
    """Sources; its methods keep the rules of `durian.registry.store.Store`."""

    def add_source(self, source: Source, secret: SourceSecret) -> None:
        """Add a source. Raises `Conflict` when its id is taken."""
        self._refuse_owned("Sources")
        with self._database.locked() as connection:
            sources.insert(connection, self._vault, source, secret)
            after = audit.of_source(source)
            self._note(connection, "source.create", f"source {source.id}", after=after)

    def get_source(self, source_id: str) -> Source:
        """Return a source. Raises `NotFound`."""
        self._refuse_owned("Sources")
        with self._database.reading() as connection:
            return sources.get(connection, source_id)

    def source_secrets(self, source_id: str) -> list[str]:
        """Return the secrets that verify now, the newest first. Raises `NotFound`."""
        self._refuse_owned("Sources")
        with self._database.reading() as connection:
            found = sources.secrets(connection, self._vault, source_id)
        return [secret.value for secret in found if _verifies(secret, self._now())]

    def list_sources(self, after: str | None = None, limit: int = 100) -> list[Source]:
        """Return the next sources by id, after an id."""
        self._refuse_owned("Sources")
        with self._database.reading() as connection:
            return sources.page(connection, after=after, limit=limit)

    def rotate_source_secret(self, source_id: str, new: SourceSecret, overlap_s: float) -> None:
        """Give a source a new secret; those it has go on verifying for the overlap, in seconds.

        Raises `NotFound`, or `InvalidSource` for a negative overlap.
        """
        self._refuse_owned("Sources")
        if overlap_s < 0:
            raise InvalidSource("overlap", "must not be negative")
        now = self._now()
        end = now + overlap_s
        with self._database.locked() as connection:
            found = sources.secrets(connection, self._vault, source_id)
            kept = [
                SourceSecret(value=each.value, expires_at=min(each.expires_at or end, end))
                for each in found
                if _verifies(each, now) and overlap_s
            ]
            sources.replace_secrets(connection, self._vault, source_id, [new, *kept])
            facts = {"overlap_s": overlap_s}
            self._note(connection, "source.rotate_secret", f"source {source_id}", after=facts)

    def remove_source(self, source_id: str) -> None:
        """Remove a source, so that its webhooks are refused. Raises `NotFound`."""
        self._refuse_owned("Sources")
        with self._database.locked() as connection:
            before = audit.of_source(sources.delete(connection, source_id))
            self._note(connection, "source.remove", f"source {source_id}", before=before)


def _verifies(secret: SourceSecret, now: float) -> bool:
    return secret.expires_at is None or secret.expires_at > now
