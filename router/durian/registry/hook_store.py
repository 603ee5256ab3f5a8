"""The part of the registry's store that holds hooks."""

from __future__ import annotations

from durian.registry import audit
from durian.registry.data_schema import check_spec
from durian.registry.entry import HookEntry
from durian.registry.hook_spec import HookSpec
from durian.registry.part import Part
from durian.registry.sql import hooks


class HookStore(Part):
    """Hooks; its methods keep the rules of `durian.registry.store.Store`.

    They are the whole deployment's: an owner may read them.
    """

    def put_hook(self, spec: HookSpec, *, if_version: int | None = None) -> None:
        """Add a hook, or replace the one of that name.

        Raises:
            InvalidHook: when its schema is not one, or its example does not fit it.
            Changed: when it is not at `if_version`; 0 is the version of one that is not there.
        """
        self._refuse_owned("Hooks")
        check_spec(spec)
        with self._database.writing() as write:
            before = hooks.put(write, spec, if_version=if_version)
            target, after = f"hook {spec.name}", audit.of_hook(spec)
            if before is None:
                self._note(write.connection, "hook.create", target, after=after)
            else:
                was, now = audit.difference(audit.of_hook(before), after)
                self._note(write.connection, "hook.update", target, before=was, after=now)

    def get_hook(self, name: str) -> HookSpec:
        """Return a hook. Raises `NotFound`."""
        return self.hook_entry(name).spec

    def hook_entry(self, name: str) -> HookEntry:
        """Return a hook as it is filed. Raises `NotFound`."""
        with self._database.reading() as connection:
            return hooks.get(connection, name)

    def list_hooks(self, after: str | None = None, limit: int = 100) -> list[HookSpec]:
        """Return the next hooks by name, after a name."""
        with self._database.reading() as connection:
            return hooks.page(connection, after=after, limit=limit)

    def remove_hook(self, name: str, *, if_version: int | None = None) -> None:
        """Remove a hook. Raises `NotFound`, or `Changed` when it is not at `if_version`."""
        self._refuse_owned("Hooks")
        with self._database.writing() as write:
            before = hooks.delete(write, name, self._now(), if_version=if_version)
            facts = audit.of_hook(before)
            self._note(write.connection, "hook.remove", f"hook {name}", before=facts)
