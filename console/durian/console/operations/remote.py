"""Running an operation inside a running `durian up`, by HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

from durian.console.operations import failure
from durian.console.operations.handing import bearer
from durian.console.operations.operation import Progress
from durian.console.settings import Settings
from durian.console.unreached import why
from durian.errors import BrokerUnavailable, DurianError

#: Seconds to wait for the next line of an answer.
_PATIENCE_S = 60.0

_HINT = "Start `durian up` there, or set DURIAN_BROKER_URL to work on RabbitMQ."


def run(settings: Settings, name: str, given: Mapping[str, object], progress: Progress) -> Any:
    """Run an operation and follow its progress. Raises DurianError."""
    host, port = settings.api_host, settings.api_port
    connection = HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        shown = bearer(host, settings.token.get_secret_value())
        headers = {"Content-Type": "application/json", **shown}
        body = json.dumps(given, default=sorted).encode()
        connection.request("POST", f"/v1/operations/{name}", body=body, headers=headers)
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise DurianError(_detail(response.read()))
        for line in response:
            told = json.loads(line)
            if "progress" in told:
                progress(*told["progress"])
            elif "failure" in told:
                raise failure.from_json(told["failure"])
            else:
                return told["result"]
    except (OSError, HTTPException) as exc:
        raise BrokerUnavailable(
            f"No `durian up` at http://{host}:{port}: {why(exc)}.", hint=_HINT
        ) from exc
    finally:
        connection.close()
    raise BrokerUnavailable(f"http://{host}:{port} ended its answer early.", hint=_HINT)


def _detail(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace")[:200]
