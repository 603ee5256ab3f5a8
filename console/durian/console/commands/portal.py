"""`durian portal`: a link to the pages of one owner's listeners."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL, Server


def portal(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Whose listeners it shows.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, manage or replay; may be repeated. Left out: manage and replay."),
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it works: 15m, 1h, at most 7d.")] = "1h",
    registry: RegistryURL = None,
    server: Server = None,
    as_json: AsJSON = False,
) -> None:
    """Print a link to an owner's portal: whoever has it sees and changes their listeners."""
    from durian.console.moments import moment, read_duration
    from durian.console.output import say, say_json
    from durian.console.registry_desk import open_registry_desk
    from durian.console.settings import load

    expires_in_s = read_duration("--expires", expires)
    with open_registry_desk(load(registry_url=registry, server=server)) as desk:
        url, expires_at = desk.portal_link(owner, scope, expires_in_s)
    if as_json:
        say_json({"url": url, "owner": owner, "expires_at": expires_at})
    else:
        say("url    ", url)
        say("expires", moment(round(expires_at * 1000)))
