from __future__ import annotations

import subprocess
import sys

import durian.events


def test_every_name_of_the_face_is_there() -> None:
    assert [name for name in durian.events.__all__ if not hasattr(durian.events, name)] == []


def test_importing_events_loads_nothing_but_pydantic() -> None:
    """Producers and scripts pay for what they import: no broker, database or web driver."""
    program = (
        "import sys; before = set(sys.modules); import durian.events;"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(loaded - sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    own = {"durian", "pydantic", "pydantic_core", "typing_extensions", "annotated_types"}
    assert set(run.stdout.decode().split()) <= own | {"typing_inspection"}
