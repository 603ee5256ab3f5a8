"""What pydantic finds wrong is said in Durian's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from durian.errors.fault import first_fault


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 1


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=10)] = 1
    share: Annotated[float, Field(gt=0, lt=2_000_000, allow_inf_nan=False)] = 1.0
    flag: bool = True
    text: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]*$")] = "ab"
    many: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    some: frozenset[int] = frozenset()
    named: dict[str, str] = {}
    kind: Literal["a", "b"] = "a"
    inner: Inner = Inner()
    odd: int = 1

    @field_validator("odd")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("must be odd")
        return value


KNOWN = {"": ("count", "odd"), "inner": ("size",)}


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"count": "x"}, "count", "must be a whole number"),
        ({"count": 1.5}, "count", "must be a whole number"),
        ({"count": None}, "count", "must be a whole number"),
        ({"count": 0}, "count", "must be at least 1"),
        ({"count": 11}, "count", "must be at most 10"),
        ({"share": "x"}, "share", "must be a number"),
        ({"share": float("inf")}, "share", "must be a finite number"),
        ({"share": 0}, "share", "must be more than 0"),
        ({"share": 2e6}, "share", "must be less than 2000000"),
        ({"flag": "perhaps"}, "flag", "must be true or false"),
        ({"text": 5}, "text", "must be text"),
        ({"text": "a"}, "text", "is too short; at least 2 characters"),
        ({"text": "abcde"}, "text", "is too long; at most 4 characters"),
        ({"text": "AB"}, "text", "must look like ^[a-z]*$"),
        ({"many": 1}, "many", "must be a list"),
        ({"many": []}, "many", "has too few entries; at least 1"),
        ({"many": [1, 2, 3]}, "many", "has too many entries; at most 2"),
        ({"many": [1, "x"]}, "many.1", "must be a whole number"),
        ({"some": "x"}, "some", "must be a list"),
        ({"named": 1}, "named", "must be a JSON object"),
        ({"kind": "c"}, "kind", "must be 'a' or 'b'"),
        ({"inner": 1}, "inner", "must be a JSON object"),
        ({"inner": {"size": "x"}}, "inner.size", "must be a whole number"),
        ({"odd": 2}, "odd", "must be odd"),
        ({"other": 1}, "other", "is not a known field; known are count, odd"),
        ({"cuont": 1}, "cuont", "is not a known field; did you mean count?"),
        ({"inner": {"width": 1}}, "inner.width", "is not a known field; known are size"),
        (5, "model", "must be a JSON object"),
    ],
)
def test_a_fault_is_a_field_and_a_reason(given: Any, field: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Model.model_validate(given)
    assert first_fault(caught.value, "model", KNOWN) == (field, reason)


def test_what_has_no_words_of_ours_is_told_in_pydantics() -> None:
    class Dated(BaseModel):
        at: Annotated[float, Field(multiple_of=2)]

    with pytest.raises(ValidationError) as caught:
        Dated(at=3)
    assert first_fault(caught.value, "model") == ("at", "should be a multiple of 2")
