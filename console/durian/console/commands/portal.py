"""`durian portal`: a link to the pages of one owner's listeners."""

from __future__ import annotations

from typing import Annotated

import typer

from durian.console.options import AsJSON, RegistryURL


def portal(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Whose listeners it shows.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, manage or replay; may be repeated. Left out: manage and replay."),
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it works: 15m, 1h, at most 7d.")] = "1h",
    registry: RegistryURL = None,
    as_json: AsJSON = False,
) -> None:
    """Print a link to an owner's portal: whoever has it sees and changes their listeners."""
    from durian.console.moments import moment, read_duration
    from durian.console.output import say, say_json
    from durian.console.portal import address, new_link
    from durian.console.settings import load
    from durian.console.wiring import open_store

    link = new_link(owner, scope, read_duration("--expires", expires))
    settings = load(registry_url=registry)
    with open_store(settings) as store:
        url = address(settings, store.seal_link(link))
    if as_json:
        say_json({"url": url, "owner": owner, "expires_at": link.expires_at})
    else:
        say("url    ", url)
        say("expires", moment(round(link.expires_at * 1000)))
