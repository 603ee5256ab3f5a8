"""Errors come from a running `durian up` as what they were there."""

from __future__ import annotations

import json

import pytest

from durian.console import exits
from durian.console.operations import failure
from durian.errors import (
    BrokerUnavailable,
    Conflict,
    DurianError,
    InvalidFilter,
    InvalidInput,
    ListenerUnknown,
    NotFound,
    QueueMissing,
    RegistryOutdated,
    RegistryUnavailable,
)


@pytest.mark.parametrize(
    "error",
    [
        NotFound("No listener zoe exists.", hint="`durian listeners list` shows them."),
        ListenerUnknown("zoe"),
        Conflict("Replay r-1 of joe is running."),
        BrokerUnavailable(),
        RegistryUnavailable("The registry's database: away."),
        InvalidInput("since", "is not in the past", hint="Write 2h."),
        InvalidFilter("name", "is a bare array"),
        QueueMissing(),
        RegistryOutdated(),
        DurianError("The operation failed."),
    ],
)
def test_an_error_keeps_its_words_and_its_exit_code(error: DurianError) -> None:
    told = failure.from_json(json.loads(json.dumps(failure.to_json(error))))

    assert (told.message, told.advice) == (error.message, error.advice)
    assert exits.code_of(told) == exits.code_of(error)
    assert getattr(told, "resource", None) == getattr(error, "resource", None)


def test_what_a_newer_version_tells_is_an_error_all_the_same() -> None:
    told = failure.from_json({"error": "Unheard", "message": "no"})
    assert (type(told), told.message) == (DurianError, "no")
