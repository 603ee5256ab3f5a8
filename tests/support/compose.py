"""docker-compose.yml as local processes: what each service would run, at loopback addresses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.house import ROOT

#: `$$`, or `${NAME:-default}`.
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+):-(?P<default>[^}]*)\})")

#: Seconds a service may take to become healthy, or to complete.
PATIENCE_S = 60.0


def load(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as Compose sees it: anchors merged, variables filled in."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    filled: dict[str, Any] = _fill(yaml.safe_load(text), environment or {})
    return filled


def _fill(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, environment) for item in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: _value(found, environment), value)
    return value


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    return environment.get(found["name"]) or found["default"]


def start_order(services: Mapping[str, Any]) -> list[str]:
    """The services' names such that each comes after what it depends on."""
    ordered: list[str] = []
    while len(ordered) < len(services):
        ready = [
            name
            for name, service in services.items()
            if name not in ordered and set(service.get("depends_on", ())) <= set(ordered)
        ]
        assert ready, f"services wait for each other: {set(services) - set(ordered)}"
        ordered += ready
    return ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of the file, as a process of this machine."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    healthcheck: Sequence[str]
    #: Where it runs and writes what it prints.
    folder: Path

    @classmethod
    def local(
        cls, name: str, config: Mapping[str, Any], places: Mapping[str, str], folder: Path
    ) -> Service:
        """Take a service from the file, its addresses and paths replaced by `places`."""
        longest_first = sorted(places, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

        def moved(text: str) -> str:
            return pattern.sub(lambda found: places[found[0]], text)

        folder.mkdir(exist_ok=True)
        command = [*config.get("entrypoint", image_entrypoint()), *config.get("command", ())]
        # The programs of the image lie beside the Python that runs the tests.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = {key: moved(text) for key, text in config.get("environment", {}).items()}
        return cls(
            name=name,
            command=[moved(word) for word in command],
            environment={"PATH": path, "HOME": str(folder)} | environment,
            healthcheck=[moved(word) for word in config.get("healthcheck", {}).get("test", ())],
            folder=folder,
        )

    def complete(self) -> None:
        """Run a service that ends by itself; fails the test when it does not end well."""
        run = self.run(self.command)
        assert run.returncode == 0, f"{self.name}: {run.stdout} {run.stderr}"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a service until the end of the block, then ask it to stop."""
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                self._resolved(self.command),
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()

    def healthy(self) -> bool:
        """Run its health check once."""
        kind, *words = self.healthcheck
        assert kind == "CMD"
        return self.run(words).returncode == 0

    def await_healthy(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until its health check succeeds; fails the test when it ends or takes too long."""
        await_that(lambda: process.poll() is not None or self.healthy(), self.name)
        assert process.poll() is None, f"{self.name} has ended: {self.printed()}"

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command where the service runs, as `docker compose exec` does."""
        return subprocess.run(
            self._resolved(words),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    @property
    def log(self) -> Path:
        """The file of what it prints."""
        return self.folder / "log"

    def printed(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _resolved(self, words: Sequence[str]) -> list[str]:
        program = shutil.which(words[0], path=self.environment["PATH"])
        assert program, f"{self.name}: there is no program {words[0]}"
        return [program, *words[1:]]


def image_entrypoint() -> list[str]:
    """The entry point of our own image."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
    assert found
    words: list[str] = yaml.safe_load(found[1])
    return words


def await_that(holds: Any, what: str) -> None:
    """Wait until something holds; fails the test after a while."""
    pause = threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"{what}: nothing after {PATIENCE_S:.0f} s"
        pause.wait(0.2)
