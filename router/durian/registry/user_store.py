"""The part of the registry's store that holds users of the web pages, and their sessions.

They are no change of the registry: followers hear nothing of them.
"""

from __future__ import annotations

from durian.registry import audit as facts
from durian.registry.part import Part
from durian.registry.sql import users
from durian.registry.token import digest
from durian.registry.user import Session, User


class UserStore(Part):
    """Users and sessions; its methods keep the rules of `durian.registry.store.Store`."""

    def add_user(self, user: User, password: str) -> None:
        """Add a user with the hash of a password. Raises `Conflict` when the name is taken."""
        self._refuse_owned("Users")
        with self._database.locked() as connection:
            users.insert(connection, user, password)
            target = f"user {user.name}"
            after = facts.of_user(user)
            self._note(connection, "user.create", target, owner=user.owner, after=after)

    def find_user(self, name: str) -> tuple[User | None, str]:
        """Return a user and the hash of their password; None and "" when there is none."""
        with self._database.reading() as connection:
            return users.find(connection, name)

    def list_users(self, *, after: str | None = None, limit: int = 100) -> list[User]:
        """Return the next users by name, after a name."""
        self._refuse_owned("Users")
        with self._database.reading() as connection:
            return users.page(connection, after=after, limit=limit)

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password's hash, and end their sessions. Raises `NotFound`."""
        self._refuse_owned("Users")
        with self._database.locked() as connection:
            user = users.get(connection, name)
            users.set_password(connection, name, password, self._now())
            self._note(connection, "user.password", f"user {name}", owner=user.owner)

    def remove_user(self, name: str) -> None:
        """Remove a user, and end their sessions. Raises `NotFound`."""
        self._refuse_owned("Users")
        with self._database.locked() as connection:
            user = users.get(connection, name)
            users.delete(connection, name)
            before = facts.of_user(user)
            self._note(connection, "user.remove", f"user {name}", owner=user.owner, before=before)

    # Sessions

    def begin_session(self, text: str, session: Session) -> None:
        """Log somebody in under a text that only they know; of it a digest is kept."""
        with self._database.locked() as connection:
            users.begin(connection, digest(text), session)

    def find_session(self, text: str) -> Session | None:
        """Return the session of this text; None when there is none, or it is over."""
        with self._database.reading() as connection:
            return users.session(connection, digest(text), self._now())

    def end_session(self, text: str) -> None:
        """Log somebody out; harmless when they are not logged in."""
        with self._database.locked() as connection:
            users.end(connection, digest(text))
