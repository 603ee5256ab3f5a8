"""The console script: runs the command line, and turns every error into a sentence and a code."""

from __future__ import annotations

import logging
import os
import sys

from durian.console import exits
from durian.errors import DurianError


def main() -> None:
    """Run `durian` with the arguments of the process, and exit."""
    # Commands that end say in their own words what happened; processes configure their log lines.
    logging.getLogger().addHandler(logging.NullHandler())
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe (`| head`) has gone; the interpreter must not flush again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; with DURIAN_DEBUG=1 errors keep their traceback."""
    try:
        return _command_line(arguments)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        return exits.FAILED
    except Exception as exc:
        if os.environ.get("DURIAN_DEBUG") == "1":
            raise
        return _report(exc)


def _command_line(arguments: list[str]) -> int:
    from durian.console.app import asked, build  # noqa: PLC0415 - fails without the `console` extra
    from durian.console.variables import meant, misspelt  # noqa: PLC0415 - the same

    for name, near in misspelt(os.environ):
        exits.complain(f"{name} is no setting, and does nothing.", meant(near), of="warning")
    code: object = build()(asked(arguments), prog_name="durian", standalone_mode=False)
    return code if isinstance(code, int) else exits.OK


def _report(error: Exception) -> int:
    """Print an error, and tell its exit code."""
    if isinstance(error, ModuleNotFoundError):
        error = exits.missing_extra(error) or error
    if isinstance(error, DurianError):
        exits.complain(error.message, error.advice)
        return exits.code_of(error)
    if (said := exits.usage_error(error)) is not None:
        exits.complain(said, "Add --help to see what can be given.")
        return exits.USAGE
    exits.complain(
        f"{type(error).__name__}: {error}",
        "This should not happen; DURIAN_DEBUG=1 shows where it did.",
    )
    return exits.FAILED
