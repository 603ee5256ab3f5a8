"""Where the views of the test project are."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
