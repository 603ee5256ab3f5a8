"""The emitters of examples/emit, each in its own language: confirmed, or an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from durian.events import Event, Message, amqp
from tests.support.declared import House
from tests.support.downloads import cache, download, npm_package
from tests.support.house import ROOT

pytestmark = pytest.mark.rabbitmq

EXAMPLES = ROOT / "examples" / "emit"

#: What runs an example, and what has to be in its environment.
Prepared = tuple[list[str], Mapping[str, str]]


def python() -> Prepared:
    return [sys.executable, "emit.py"], {}


def javascript() -> Prepared:
    modules = npm_package("amqplib", "2.3.1").parent
    return ["node", "emit.js"], {"NODE_PATH": str(modules)}


def go() -> Prepared:
    download(["go", "mod", "download"], what="amqp091-go of the Go proxy", cwd=EXAMPLES)
    return ["go", "run", "emit.go"], {}


def java() -> Prepared:
    jars = cache() / "jars"
    if not any(jars.glob("amqp-client-*.jar")):
        copy = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        download(copy, what="amqp-client of Maven Central", cwd=EXAMPLES)
    return ["java", "-cp", f"{jars}/*", "Emit.java"], {}


def ruby() -> Prepared:
    return ["ruby", "emit.rb"], {}


LANGUAGES: Mapping[str, Callable[[], Prepared]] = {
    "python": python,
    "javascript": javascript,
    "go": go,
    "java": java,
    "ruby": ruby,
}


@pytest.fixture(params=sorted(LANGUAGES))
def emit(request: pytest.FixtureRequest) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a language's emitter; a language that cannot be run here is named."""
    command, environment = LANGUAGES[request.param]()
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine: emit in {request.param} did not run")

    def run(url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=EXAMPLES,
            env=os.environ | environment | {"BROKER_URL": url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_the_event_is_on_the_broker_or_the_program_fails(
    house: House, emit: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    done = emit(house.url)
    assert done.returncode == 0, done
    ((properties, body),) = house.take()
    message = Message(
        body=body,
        headers=properties.headers or {},
        content_type=properties.content_type,
        routing_key="order.paid",
    )
    (event,) = amqp.decode(message)
    assert (event.type, event.source, event.data) == ("order.paid", "/shop", {"order": 17})
    assert event.id == done.stdout.strip()
    assert properties.delivery_mode == 2

    with house.channel() as channel:
        channel.queue_unbind(house.topology.route, house.topology.events, "#")
        channel.queue_unbind(house.topology.archive, house.topology.events, "#")
        channel.queue_delete(house.topology.unrouted)
    assert emit(house.url).returncode != 0, "no queue takes it"


def test_a_python_programs_event_is_one_of_durians(house: House) -> None:
    """The example of another language is what our own producer would have sent."""
    command, _ = python()
    subprocess.run(command, cwd=EXAMPLES, env=os.environ | {"BROKER_URL": house.url}, check=True)
    ((properties, body),) = house.take()
    ours = amqp.encode(Event(type="order.paid", source="/shop", data={"order": 17}))
    headers = properties.headers or {}
    assert headers.keys() == ours.headers.keys() - {"ce-time"}
    assert properties.content_type == ours.content_type
    assert body.replace(b" ", b"") == ours.body
