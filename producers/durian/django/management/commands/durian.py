"""`manage.py durian ...`: the command line of Durian, with the project's settings."""

from __future__ import annotations

import sys
from argparse import REMAINDER
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from durian.django.operations import options
from durian.errors import DurianError
from durian.hook.parts import part


class Command(BaseCommand):
    """Everything that `durian` does: `manage.py durian listeners list`."""

    help = "Durian's command line with this project's settings: manage.py durian listeners list"

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand all arguments on as they are: they are not Django's."""
        try:
            sys.exit(self._run(argv[2:]))
        except CommandError as error:
            self.stderr.write(str(error))
            sys.exit(error.returncode)

    def handle(self, *arguments: str, **_: Any) -> None:
        """Do the same for `call_command("durian", "listeners", "list")`."""
        code = self._run(list(arguments))
        if code:
            raise CommandError(f"durian ended with exit code {code}.", returncode=code)

    def add_arguments(self, parser: Any) -> None:
        """Take whatever is given."""
        parser.add_argument("args", nargs=REMAINDER)

    def _run(self, arguments: list[str]) -> int:
        try:
            code: int = part("command")(arguments, **options())
        except DurianError as error:
            raise CommandError(str(error)) from error
        return code
