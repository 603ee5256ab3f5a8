"""The part of the registry's store that holds API tokens.

They are no change of the registry: followers hear nothing of them.
"""

from __future__ import annotations

from durian.registry import audit as facts
from durian.registry.part import Part
from durian.registry.sql import tokens
from durian.registry.token import Token, digest, id_in, is_same

#: Seconds between two notes of when a token was used: not every request is worth a write.
USE_EVERY_S = 60.0


class TokenStore(Part):
    """API tokens; its methods keep the rules of `durian.registry.store.Store`."""

    def add_token(self, token: Token, text: str) -> None:
        """Add a token; of its text a digest is kept. Raises `Conflict` when its id is taken."""
        self._refuse_owned("Tokens")
        with self._database.locked() as connection:
            tokens.insert(connection, token, digest(text))
            target = f"token {token.id}"
            after = facts.of_token(token)
            self._note(connection, "token.create", target, owner=token.owner, after=after)

    def find_token(self, text: str) -> Token | None:
        """Return the token of this text; None when there is none, or it has expired."""
        token_id = id_in(text)
        if token_id is None:
            return None
        with self._database.reading() as connection:
            token, kept = tokens.find(connection, token_id)
        if token is None or not is_same(text, kept) or not token.is_valid(self._now()):
            return None
        return token

    def use_token(self, token_id: str) -> None:
        """Note that a token is being used, once a minute at most."""
        now = self._now()
        with self._database.locked() as connection:
            tokens.use(connection, token_id, now, now - USE_EVERY_S)

    def list_tokens(self, *, after: str | None = None, limit: int = 100) -> list[Token]:
        """Return the next tokens by id, after an id; those that have expired are among them."""
        self._refuse_owned("Tokens")
        with self._database.reading() as connection:
            return tokens.page(connection, after=after, limit=limit)

    def get_token(self, token_id: str) -> Token:
        """Return a token. Raises `NotFound`."""
        self._refuse_owned("Tokens")
        with self._database.reading() as connection:
            return tokens.get(connection, token_id)

    def revoke_token(self, token_id: str) -> None:
        """Remove a token, so that it is worth nothing any more. Raises `NotFound`."""
        self._refuse_owned("Tokens")
        with self._database.locked() as connection:
            token = tokens.get(connection, token_id)
            tokens.delete(connection, token_id)
            target = f"token {token.id}"
            before = facts.of_token(token)
            self._note(connection, "token.revoke", target, owner=token.owner, before=before)
