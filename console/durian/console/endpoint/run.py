"""Running a listening endpoint until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from durian.console.endpoint.arrival import Arrival
from durian.console.endpoint.forward import Forward
from durian.console.endpoint.mood import Mood
from durian.console.endpoint.server import Endpoint
from durian.console.endpoint.show import show
from durian.console.endpoint.subscribe import Subscribe, nobody
from durian.console.endpoint.verify import verify_by_secrets
from durian.console.output import say, say_json
from durian.console.stop import stop_signals


def run(
    host: str,
    port: int,
    *,
    mood: Mood,
    secrets: Sequence[str],
    as_json: bool,
    forward: Forward | None = None,
    subscribe: Subscribe = nobody,
) -> None:
    """Listen, verify, pass on and print what arrives until SIGINT or SIGTERM."""

    def tell(arrival: Arrival) -> None:
        if as_json:
            say_json(arrival.to_json())
        else:
            show(arrival)

    verify = verify_by_secrets(secrets)
    with stop_signals() as stop:
        endpoint = Endpoint(
            host, port, verify=verify, answers=mood, on_arrival=tell, forward=forward
        )
        endpoint.start()
        try:
            with subscribe(endpoint.url) as listener:
                _begin(endpoint.url, listener, as_json=as_json)
                stop.wait()
        finally:
            endpoint.stop()


def _begin(url: str, listener: str | None, *, as_json: bool) -> None:
    if as_json:
        say_json({"listening": url} | ({"listener": listener} if listener else {}))
    else:
        as_whom = f" as listener {listener}" if listener else ""
        say(f"listening at {url}{as_whom} (Ctrl-C stops)")
