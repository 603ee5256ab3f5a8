"""Running migrations by Alembic: imported only where one is missing, for it takes a while."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

#: Alembic works through module globals, so only one thread may run it at a time.
_one_at_a_time = threading.Lock()


def migrate(connection: Connection, folder: Path) -> None:
    """Run all migrations of a folder that are missing, in the transaction of the connection."""
    config = Config()
    # Alembic expands percent signs as a configuration file would.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _one_at_a_time:
        command.upgrade(config, "head")
