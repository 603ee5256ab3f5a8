"""The commands of `durian`: each module parses one group's arguments and calls one function.

What a command runs is imported when it runs: `--help` stays quick, and a part that is not
installed is named instead of failing every command.
"""

from __future__ import annotations

__all__: list[str] = []
