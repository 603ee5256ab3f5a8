"""Making a save and what its signals write one transaction.

Django opens none for a save by itself, because one statement needs none; and it sends post_save
after it. With a hook there are two statements: a process that dies between them would lose an
event.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.db import router, transaction

from durian.hook.wrapping import Wrapping


def _in_transaction(_model: Any, original: Any) -> Any:
    """Wrap `save_base`, which every save comes to."""

    @wraps(original)
    def save_base(  # noqa: PLR0917  # Django's own signature
        self: Any,
        raw: bool = False,  # noqa: FBT001, FBT002  # the same
        force_insert: Any = False,  # noqa: FBT002  # the same
        force_update: bool = False,  # noqa: FBT001, FBT002  # the same
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        options = {
            "raw": raw,
            "force_insert": force_insert,
            "force_update": force_update,
            "using": using,
            "update_fields": update_fields,
        }
        if transaction.get_connection(using).in_atomic_block:
            original(self, **options)
        else:
            with transaction.atomic(using=using):
                original(self, **options)

    return save_base


#: Lets saves of a model's instances begin a transaction where there is none.
SAVING = Wrapping("save_base", _in_transaction)
