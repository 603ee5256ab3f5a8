"""Who asks the registry: in whose name changes are made, and whose listeners are seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever asks."""

    #: As the audit log names it: `token k3f9qaxy`, `user ann`, `durian`.
    name: str
    #: Whose listeners it sees and changes; None: everybody's.
    owner: str | None = None


#: Durian's own processes.
DURIAN = Principal(name="durian")
