"""`durian listen` in a process of its own."""

from __future__ import annotations

import http.client
import json
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.cli import Running


def post(url: str, body: bytes) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", "/hook", body=body)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_what_arrives_and_stops_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    with Running("listen", "--port", "0", "--status", "202", home=tmp_path) as listen:
        url = listen.wait_line("listening at").split()[2]
        assert post(url, b'{"name": "\x1b[31mJoe"}') == 202
        listen.wait_line("POST /hook")
        listen.wait_line("Joe")
        assert "\x1b" not in "".join(listen.lines)
        assert listen.stop(how) == 0


def test_it_fails_as_told_and_prints_json(tmp_path: Path) -> None:
    with Running("listen", "--port", "0", "--fail-rate", "1", "--json", home=tmp_path) as listen:
        url = listen.wait_json("listening")["listening"]
        assert post(url, b"{}") == 503
        arrived = listen.wait_json("number")
        assert arrived["answered"] == 503
        assert json.loads(arrived["body"]) == {}
        assert listen.stop() == 0
