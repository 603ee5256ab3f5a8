"""What an error says that was given no words of its own."""

from __future__ import annotations

import pytest

from durian.errors import DurianError, NotAuthenticated, Overloaded


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DurianError(), "Something went wrong in Durian."),
        (NotAuthenticated(), "A request carries no API token that is valid."),
        (Overloaded(), "More is in hand than there is room for."),
        (Overloaded("Too much."), "Too much."),
    ],
)
def test_an_error_without_words_says_what_its_class_is_raised_for(
    error: DurianError, message: str
) -> None:
    assert error.message == message
