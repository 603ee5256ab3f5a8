"""Variables of the environment that look like settings, and are none: they do nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from durian.console.settings import CONFIG_VARIABLE, PREFIX, Settings, variable
from durian.faults import VARIABLE as FAILPOINT_VARIABLE

#: Those that are read elsewhere: by single commands, and by programs with hooks (`durian.hook`,
#: `durian.django`), which may share their environment with commands.
OTHERS: Final = frozenset(
    {
        CONFIG_VARIABLE,
        FAILPOINT_VARIABLE,
        "DURIAN_DEBUG",
        "DURIAN_LISTEN_SECRET",
        "DURIAN_SOURCE_SECRET",
        "DURIAN_EAGER",
        "DURIAN_OUTBOX",
        "DURIAN_OUTBOX_KEEP_S",
        "DURIAN_PUBLISH_TIMEOUT_S",
        "DURIAN_SOURCE",
    }
)

#: What Durian's own tests read.
_TESTS = ("DURIAN_TEST_", "DURIAN_EXTRA_CASES")

#: What Kubernetes and Docker tell every container of a service or a link called durian, or
#: durian-web (Kubernetes: "Discovering services"; Docker: "Legacy container links").
_LINKS = re.compile(
    r"DURIAN_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?"
    r"|ENV_\w+|NAME)"
)
_LINKED = re.compile(r"(tcp|udp|sctp)://")


def misspelt(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each variable that is none of ours, and what was meant perhaps, or an empty text."""
    known = {variable(name) for name in Settings.model_fields} | OTHERS
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name not in known and not _is_anothers(name, value):
            # Without what all of them begin with, which would make all of them look alike.
            words = [one.removeprefix(PREFIX) for one in known]
            near = difflib.get_close_matches(name.removeprefix(PREFIX), words, 1)
            yield name, PREFIX + near[0] if near else ""


def meant(near: str) -> str:
    """What to do about one."""
    return f"Did you mean {near}?" if near else "`durian settings` lists all there are."


def _is_anothers(name: str, value: str) -> bool:
    is_link = name.endswith("_PORT") and _LINKED.match(value)
    return bool(name.startswith(_TESTS) or _LINKS.fullmatch(name) or is_link)
