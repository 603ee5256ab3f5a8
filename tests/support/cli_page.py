"""The reference of the command line, written from the commands themselves.

`python -m tests.support.cli_page > docs/cli.md` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from durian.console.app import build

HEAD = """\
# Command line

`durian --help` lists the commands, `durian COMMAND --help` (or `durian help COMMAND`) what each
takes. Options beat the [settings](settings.md) of the environment and of `durian.toml`.

| exit code | meaning |
|---|---|
| 0 | everything that was asked for was done |
| 1 | it was refused, or it failed |
| 2 | what was typed or set cannot be used; nothing was tried |
| 3 | the broker or the registry cannot be reached; the same command may work later |
| 130 | stopped by Ctrl-C before it was done |

An error is one sentence on stderr, and a second one when there is something to do about it.
Every command takes `--json`, and prints one JSON value a line then; processes write their
log lines in JSON.

`durian --install-completion` lets bash, zsh, fish or PowerShell complete commands and options;
`durian --show-completion` prints what it would install. `--server` lets commands work
[at another machine](client.md).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_commands(build(), "durian")]) + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        yield from _command(command, path)
        return
    if command.invoke_without_command:
        yield from _command(command, path)
    for name, each in subcommands.items():
        yield from _commands(each, f"{path} {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    words = " ".join([path, *(one.metavar or one.name.upper() for one in arguments)])
    yield f"## {path}\n"
    yield f"`{words}`: {_first_line(command.help)}\n"
    rows = [
        *((one.metavar or one.name.upper(), one.help, "") for one in arguments),
        *((one.opts[0], _help(one), _default(one)) for one in options if one.name != "help"),
    ]
    if rows:
        yield "| option | what it is | default |\n|---|---|---|"
        yield from (f"| `{name}` | {text} | {default} |" for name, text, default in rows)
        yield ""


def _help(option: Any) -> str:
    return f"{option.help} ({option.envvar})" if option.envvar else str(option.help)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def _default(option: Any) -> str:
    if option.required:
        return "needed"
    if isinstance(option.show_default, str):
        shown: str = option.show_default
        return shown if shown == "empty" else f"`{shown}`"
    if option.default is None or option.default is False or option.default in ("", []):
        return ""
    return f"`{option.default}`"


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
