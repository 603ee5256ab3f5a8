"""A RabbitMQ node: a private one that can be killed, or any that is known by its URL.

Nothing of the machine's own RabbitMQ is touched: ports, cookie, name server (epmd), data and logs
are the private node's own, so that several test sessions run beside each other.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.support.house import ROOT

#: Seconds a node may take to boot on a busy machine with two cores (measured: 8 to 22).
BOOT_S = 120.0

#: Below the range from which systems give ports to outgoing connections.
PORTS = range(20000, 32000)

#: Debian's /usr/sbin/rabbitmq-server refuses every user but root and rabbitmq; this one does not.
PLAIN_BIN = Path("/usr/lib/rabbitmq/bin")

#: The name server, a watch that clears everything away when the test session was killed, and the
#: node.
SCRIPT = """
epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 &
setsid sh -c '
    while kill -0 "$OWNER" && kill -0 "$1"; do sleep 1; done 2>/dev/null
    kill -0 "$OWNER" || { kill -s KILL -- "-$1"; sleep 1; rm -rf "$NODE_FILES"; }
' watch $$ &
exec "$SERVER"
"""

CONFIG = """
listeners.tcp.1 = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {api_port}
management_agent.disable_metrics_collector = true
log.console = false
log.file.level = warning
disk_free_limit.absolute = 50MB
"""

#: The settings that deployments have as well.
ADVANCED = ROOT / "deploy" / "rabbitmq" / "advanced.config"


class Node:
    """A RabbitMQ node that others use as well: what a test makes on it has names of its own."""

    def __init__(self, url: str, api_port: int = 15672) -> None:
        #: AMQP URL of the default virtual host, with an administrator's login.
        self.url = url
        #: Where its management API answers, on the same host.
        self.api_port = api_port
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 5672
        login = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        self._login = base64.b64encode(login.encode()).decode()

    def await_boot(self) -> None:
        """Wait until it answers an AMQP greeting, which is the last step of a boot."""
        deadline = time.monotonic() + BOOT_S
        pause = threading.Event()
        while not greets(self._port):
            reason = self._failure()
            if time.monotonic() > deadline:
                reason = f"no greeting on port {self._port} after {BOOT_S:.0f} s"
            if reason:
                pytest.fail(f"RabbitMQ did not start: {reason}")
            pause.wait(0.1)

    def _failure(self) -> str:
        """Why it will never answer; empty while it may."""
        return ""

    def api(self, method: str, path: str, body: object = None) -> object:
        """Ask the management API, such as `api("PUT", "/vhosts/x")`; fails the test on errors."""
        connection = http.client.HTTPConnection(self._host, self.api_port, timeout=60)
        try:
            connection.request(
                method,
                f"/api{path}",
                body=None if body is None else json.dumps(body),
                headers={
                    "Authorization": f"Basic {self._login}",
                    "Content-Type": "application/json",
                },
            )
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        assert response.status < 300, f"{method} {path}: {response.status} {text!r}"
        return json.loads(text) if text else None

    def vhost_url(self, vhost: str, login: str | None = None) -> str:
        """The AMQP URL of a virtual host, for the administrator or for `user:password`."""
        parts = urlsplit(self.url)
        user = login or parts.netloc.rpartition("@")[0] or "guest:guest"
        place = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{user}@{place}/{quote(vhost, safe='')}"

    def add_vhost(self) -> str:
        """Make an empty virtual host; tell its name."""
        vhost = f"test-{uuid.uuid4().hex[:12]}"
        self.api("PUT", f"/vhosts/{vhost}")
        user = unquote(urlsplit(self.url).username or "guest")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.api("PUT", f"/permissions/{vhost}/{quote(user, safe='')}", everything)
        return vhost

    def delete_vhost(self, vhost: str) -> None:
        """Delete a virtual host with all it holds; connections to it are closed."""
        self.api("DELETE", f"/vhosts/{vhost}")


class PrivateNode(Node):
    """A node of our own, on free ports of the loopback interface, in a temporary directory."""

    def __init__(self, server: Path) -> None:
        port, api_port, dist_port, epmd_port = free_ports(4)
        super().__init__(f"amqp://guest:guest@127.0.0.1:{port}/", api_port)
        self._server = server
        self._home = Path(tempfile.mkdtemp(prefix="durian-rabbitmq-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = self._prepare(port, api_port, dist_port, epmd_port)

    def _prepare(self, port: int, api_port: int, dist_port: int, epmd_port: int) -> dict[str, str]:
        """Write the node's files; tell the environment of everything that belongs to it."""
        home = self._home
        for name in ("home", "log", "mnesia"):
            (home / name).mkdir()
        (home / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (home / "rabbitmq.conf").write_text(CONFIG.format(port=port, api_port=api_port))
        shutil.copy(ADVANCED, home / "advanced.config")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home / "home"),
            "LANG": "C.UTF-8",
            "OWNER": str(os.getpid()),
            "NODE_FILES": str(home),
            "SERVER": str(self._server),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"durian{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    @property
    def group(self) -> int:
        """The process group of the node and its name server."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it (again) on the same ports and data, and wait until it takes connections."""
        self.launch()
        self.await_boot()

    def launch(self) -> None:
        """Start it without waiting."""
        assert self._process is None, "it runs already"
        with (self._home / "log" / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT],
                env=self._environment,
                cwd=self._home,  # where Erlang leaves its crash dump
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _failure(self) -> str:
        assert self._process is not None
        if self._process.poll() is None:
            return ""
        return (self._home / "log" / "console.log").read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        """End the node as a power cut would: SIGKILL to it and its name server."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        pause = threading.Event()
        while greets(self._port):  # children of the killed shell die a moment later
            pause.wait(0.02)

    def remembers(self, queue: str) -> bool:
        """Tell whether a quorum queue would survive `kill`.

        One node alone writes the names of new quorum queues to disk half a second after it
        declared them (measured on 3.10): one killed before that has the queue no more.
        """
        files = self._home.glob("mnesia/*/quorum/*/names.dets")
        return any(queue.encode() in file.read_bytes() for file in files)

    def ctl(self, *args: str) -> str:
        """Run `rabbitmqctl` on the node; tell what it printed."""
        result = subprocess.run(
            [str(self._server.with_name("rabbitmqctl")), "--quiet", *args],
            env=self._environment,
            cwd=self._home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, f"rabbitmqctl {args}: {result.stdout} {result.stderr}"
        return result.stdout

    @contextlib.contextmanager
    def alarm(self) -> Iterator[None]:
        """Let the node be short of memory meanwhile: it reads nothing more from who publishes."""
        self.ctl("set_vm_memory_high_watermark", "0.00001")
        try:
            yield
        finally:
            self.ctl("set_vm_memory_high_watermark", "0.8")

    def remove(self) -> None:
        """Kill it and delete its files."""
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Choose ports nobody listens on."""
    with contextlib.ExitStack() as stack:
        chosen: list[int] = []
        while len(chosen) < count:
            port = random.SystemRandom().choice(PORTS)
            candidate = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                candidate.bind(("127.0.0.1", port))
                chosen.append(port)
        return chosen


def greets(port: int) -> bool:
    """Tell whether an AMQP 0-9-1 broker listens on a loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(connection.recv(1))
    except OSError:
        return False


def find_server() -> Path | None:
    """Find the program that starts a node as any user; None where something is missing."""
    plain = PLAIN_BIN / "rabbitmq-server"
    found = shutil.which("rabbitmq-server")
    if shutil.which("epmd") is None:
        return None
    return plain if plain.exists() else Path(found) if found else None
