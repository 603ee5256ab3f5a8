"""What the commands of listeners take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ListenerId = Annotated[str, typer.Argument(metavar="ID", help="The listener's id.")]

EventPattern = Annotated[
    str, typer.Option(help="Event type, or a pattern of types: person, order.*, #.")
]
Conditions = Annotated[
    list[str] | None,
    typer.Option(help="Condition, such as name=startswith:J; may be repeated, all must hold."),
]
FilterJSON = Annotated[
    str | None, typer.Option("--filter", help="The conditions as JSON, instead of --match.")
]
OwnId = Annotated[str | None, typer.Option("--id", help="An id of your choice.")]
OwnSecret = Annotated[str | None, typer.Option(help="A signing secret of your own (whsec_...).")]
Ordered = Annotated[
    bool, typer.Option("--ordered", help="Deliver strictly one after the other, retries included.")
]
Owner = Annotated[str | None, typer.Option(help="Whose it is: their API tokens see no others.")]
RateLimit = Annotated[float | None, typer.Option("--rate", help="Attempts a second at most.")]
Batch = Annotated[
    int | None,
    typer.Option(
        help="Events in one request at most, as a batch of CloudEvents; 1: each has its own."
    ),
]

CaFile = Annotated[
    Path | None,
    typer.Option(
        help="PEM of the authorities that its certificate is checked against, instead of the "
        "deployment's."
    ),
]
CertFile = Annotated[
    Path | None, typer.Option(help="PEM of the client certificate that is shown to it.")
]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="PEM of the client certificate's key, unencrypted; it is stored sealed."),
]

PolicyChoices = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE of the delivery policy, such as timeout_s=5, payload=cloudevent or "
        "schedule_s=[0,5,60]; may be repeated."
    ),
]
