"""Models of which any part may be given: what a PATCH takes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model


def absent(description: str | None = None, **rules: Any) -> Any:
    """Declare a field that may be left out; null is given only where its type allows it.

    Its default is never seen: what is left out is not set.
    """
    return Field(default_factory=lambda: None, description=description, **rules)


def partial(model: type[BaseModel], name: str) -> type[BaseModel]:
    """Make a model that takes any part of another one's fields; null stands for a default."""
    fields: dict[str, Any] = {}
    for field_name, field in model.model_fields.items():
        annotation = field.rebuild_annotation()
        fields[field_name] = (annotation | None, absent(field.description))
    made: type[BaseModel] = create_model(
        name,
        __config__=ConfigDict(extra="forbid"),
        __doc__=f"Any part of {model.__name__}.",
        **fields,
    )
    return made


def given(patch: BaseModel, whole: BaseModel) -> dict[str, Any]:
    """What was given of a part, with the default of the whole where null was given."""
    fields = type(whole).model_fields
    return {
        name: fields[name].get_default(call_default_factory=True)
        if (value := getattr(patch, name)) is None
        else value
        for name in patch.model_fields_set
    }
