"""The part of the registry's store that holds answers under idempotency keys.

They are no change of the registry: followers hear nothing of them.
"""

from __future__ import annotations

from durian.errors import InvalidInput, UnderWay
from durian.registry.answer import Answer
from durian.registry.part import Part
from durian.registry.sql import answers

#: Seconds that an answer is kept: who has not asked again by then will not.
KEEP_S = 24 * 3600.0

#: Seconds after which a request that was begun may be begun again: its process is gone.
LEASE_S = 120.0

#: Characters of a key.
MAX_KEY_LENGTH = 255


class AnswerStore(Part):
    """Answers; its methods keep the rules of `durian.registry.store.Store`.

    A key belongs to its `caller`. Answers are sealed: some show a secret.
    """

    def begin_answer(self, caller: str, key: str, request: str) -> Answer | None:
        """Begin a request under a key, or return what was answered to it.

        `request` tells requests apart: a digest of everything in it.

        Raises:
            InvalidInput: when the key was used for another request.
            UnderWay: when that very request is under way.
            RegistryError: when the answer cannot be opened with the keys at hand.
        """
        now = self._now()
        with self._database.locked() as connection:
            answers.prune(connection, caller, key, now)
            if answers.begin(connection, caller, key, request, now + LEASE_S):
                return None
            begun = answers.find(connection, caller, key)
        if begun is not None and begun.request != request:
            raise InvalidInput("Idempotency-Key", "was used for another request")
        if begun is None or begun.sealed is None:
            raise UnderWay("This request is under way.")
        return Answer.from_text(self._vault.open(begun.sealed, _context(caller, key)))

    def keep_answer(self, caller: str, key: str, answer: Answer) -> None:
        """Keep what was answered, for a day."""
        sealed = self._vault.seal(answer.to_text(), _context(caller, key))
        with self._database.locked() as connection:
            answers.finish(connection, caller, key, sealed, self._now() + KEEP_S)

    def drop_answer(self, caller: str, key: str) -> None:
        """Forget a request that was begun: nothing was done, and it may be tried again."""
        with self._database.locked() as connection:
            answers.delete(connection, caller, key)


def _context(caller: str, key: str) -> str:
    return f"{answers.NAME}:{caller}:{key}"
