"""Each page about a producer begins with lines that work: here they are run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from durian.events import Event, Message, amqp
from tests.support.cli import PATIENCE_S, durian, environment
from tests.support.declared import House
from tests.support.house import ROOT

pytestmark = pytest.mark.rabbitmq

#: The first lines of code on a page.
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

#: What an application with SQLAlchemy has already.
SHOP = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    number: Mapped[int] = mapped_column(primary_key=True)


order, engine = Order(number=17), sa.create_engine("sqlite:///shop.db")
"""

#: What it does after the import of the outbox.
MAKE = "outbox = Outbox(Base.metadata)\nBase.metadata.create_all(engine)\n"


def code_of(page: str) -> str:
    found = CODE.search((ROOT / "docs" / "producers" / page).read_text(encoding="utf-8"))
    assert found, page
    return found[1]


def run(code: str, house: House, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code.replace("amqp://localhost", house.url)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def arrived(house: House) -> Event:
    ((properties, body),) = house.take()
    headers = properties.headers or {}
    message = Message(body=body, headers=headers, content_type=properties.content_type)
    (event,) = amqp.decode(message)
    return event


@pytest.fixture
def house(amqp_url: str) -> House:
    """A broker that is ready to take events."""
    house = House(amqp_url)
    house.declare()
    return house


@pytest.mark.parametrize(
    ("page", "event_type", "data"),
    [
        ("python.md", "order.paid", {"order": 17, "total": "9.90"}),
        ("asyncio.md", "order.paid", {"order": 17, "total": "9.90"}),
        ("typed.md", "order.paid", {"order": 17, "total": "9.90"}),
    ],
)
def test_the_first_lines_emit_an_event(
    house: House, tmp_path: Path, page: str, event_type: str, data: object
) -> None:
    run(code_of(page), house, tmp_path)
    event = arrived(house)
    assert (event.type, event.data) == (event_type, data)


def test_the_first_lines_about_logging_emit_a_record(house: House, tmp_path: Path) -> None:
    run(code_of("logging.md"), house, tmp_path)
    event = arrived(house)
    assert event.type == "log.record"
    assert (event.data["message"], event.data["order"]) == ("Payment failed.", 17)


def test_the_first_lines_about_sqlalchemy_write_what_a_relay_publishes(
    house: House, tmp_path: Path
) -> None:
    code = code_of("sqlalchemy.md").replace("outbox = Outbox(Base.metadata)\n", MAKE)
    run(SHOP + code, house, tmp_path)
    relaying = (
        "import threading\n"
        "from durian.producers import Producer\n"
        "from durian.producers.outbox import Relay\n"
        "from durian.producers.sqlalchemy.opening import open_store\n"
        "with open_store('sqlite:///shop.db') as store, Producer('amqp://localhost') as producer:\n"
        "    assert Relay(store, producer).relay() == 1\n"
    )
    run(relaying, house, tmp_path)
    assert arrived(house).data == {"order": 17}


def test_the_first_lines_about_celery_listen_to_its_signals(house: House, tmp_path: Path) -> None:
    task = '\n@app.task(name="shop.pay")\ndef pay():\n    pass\n\n\npay.apply()\n'
    run(code_of("celery.md") + task, house, tmp_path)
    assert arrived(house).type == "celery.task.succeeded"


def test_the_first_lines_about_the_command_line_emit_an_event(house: House, tmp_path: Path) -> None:
    settings = {"DURIAN_BROKER_URL": house.url}
    page = (ROOT / "docs" / "producers" / "cli.md").read_text(encoding="utf-8")
    assert "$ durian emit order.paid '{\"order\": 17}'" in page
    done = durian("emit", "order.paid", '{"order": 17}', home=tmp_path, settings=settings)
    assert done.returncode == 0, done
    assert arrived(house).id == done.stdout.strip()
