from __future__ import annotations

import os
import subprocess
import sys

import django
import pytest

from tests.support.absent import absent
from tests.support.house import ROOT

#: Where `make test` puts the oldest version that is supported, beside the newest in .venv.
OLDEST = ROOT / ".venv" / "oldest"


@pytest.mark.skipif(django.VERSION < (5,), reason="this is the run that it starts")
def test_the_app_works_on_the_oldest_django_too() -> None:
    if not (OLDEST / "django").is_dir():
        absent(f"no {OLDEST}: make .venv/oldest.stamp")
    version = _run("-c", "import django; print(django.VERSION[:2])")
    suite = _run(
        *("-m", "pytest", "-q", "-m", "not crash", "-p", "no:cacheprovider"),
        *("tests/integration/django", "tests/unit/receiver"),
    )

    assert version.stdout == "(4, 2)\n"
    assert suite.returncode == 0, suite.stdout[-4000:]
    assert "passed" in suite.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(OLDEST)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
