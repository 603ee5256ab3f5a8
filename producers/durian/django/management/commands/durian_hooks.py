"""`manage.py durian_hooks`: show this project's hooks, and write them to the registry."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from durian.errors import DurianError
from durian.hook import current
from durian.registry import hooks


class Command(BaseCommand):
    """Shows hooks; with `--publish` the registry has their definitions, for others to read."""

    help = "List this project's hooks; --publish writes their definitions to Durian's registry."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to write."""
        parser.add_argument(
            "--publish", action="store_true", help="Write them to the registry as well."
        )

    def handle(self, **options: Any) -> None:
        """List hooks, one a line."""
        for hook in hooks:
            provided = hooks[hook.name].provides()
            what = "everything it is given" if provided is None else ", ".join(provided)
            self.stdout.write(f"{hook.name}: {what}")
        if options["publish"]:
            try:
                for hook in hooks:
                    current().store.put_hook(hook.spec())
            except DurianError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{len(hooks)} hooks written to the registry.")
