"""Everything that the OpenAPI document allows is asked of the REST API, and much that it does not.

As two owners, who must never see one another's listeners, and as an operator.
DURIAN_TEST_SCHEMATHESIS_S lets each of them ask for longer.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durian.registry.store import Store
from durian.registry.token import new_token_text
from tests.support.api import Api
from tests.support.asking import serving

#: Names the seconds for which each of them asks.
VARIABLE = "DURIAN_TEST_SCHEMATHESIS_S"

#: Seconds unless it is set: with the start of the program, a minute for all.
USUALLY = "15"

#: One request at a time, and requests that follow from one another's answers. Each is run by
#: itself: the first would leave no time.
PHASES = pytest.mark.parametrize("phases", ["examples,coverage,fuzzing", "stateful"])

#: A request that fits the document may be refused all the same, because of what there is (409, 412)
#: or of what no schema can tell (422); one that does not fit it is never taken.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422, 429]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 429]
"""

#: Two owners, each with a token of their own.
OWNERS = """
[auth.wfc]
path = "owners.yaml"
peers = ["acme", "bolt"]
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    url = f"sqlite:///{tmp_path_factory.mktemp('api')}/durian.db"
    Store.open(url).close()
    with Api(url, local_token=new_token_text("local234")) as running:
        yield running


def explore(api: Api, home: Path, config: str, phases: str, *options: str) -> None:
    """Let schemathesis ask for a while; fails with all that it found."""
    (home / "schemathesis.toml").write_text(CONFIG + config)
    # By day everybody asks the same; who asks for longer is after something new.
    seconds = os.environ.get(VARIABLE)
    seed = random.SystemRandom().randrange(2**32) if seconds else 1
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", "schemathesis.toml", "run"),
        *("--checks", "all", "--phases", phases, "--seed", str(seed)),
        *("--max-time", seconds or USUALLY),
        *("--suppress-health-check", "all", "--no-color", "--warnings", "off"),
        *options,
    ]
    with serving(api.app) as url:
        command.append(f"{url}/v1/openapi.json")
        found = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    shown = f"{found.stdout[-20_000:]}\n{found.stderr[-2000:]}\n{command}"
    assert found.returncode == 0, shown
    assert " passed" in found.stdout, shown


@PHASES
def test_two_owners_find_nothing(api: Api, tmp_path: Path, phases: str) -> None:
    users = []
    for owner in ("acme", "bolt"):
        text = api.token("publish", "manage", "replay", owner=owner)
        headers = f"[{{name: Authorization, value: Bearer {text}}}]"
        users.append(f"- {{name: {owner}, fixedHeaders: {headers}}}")
    (tmp_path / "owners.yaml").write_text("\n".join(["auth:", *users]))
    explore(api, tmp_path, OWNERS, phases)


@PHASES
def test_an_operator_finds_nothing(api: Api, tmp_path: Path, phases: str) -> None:
    # With the token of the machine, for others would be revoked on the way.
    text = api.app.state.services.local_token
    explore(api, tmp_path, "", phases, "--header", f"Authorization: Bearer {text}")
