"""Reading what is provided from an instance of a Django model."""

from __future__ import annotations

import difflib
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from durian.errors import InvalidHook
from durian.hook.provided import Provided


class Reader:
    """Knows how each path of a hook is read from the instances of its model.

    Raises:
        InvalidHook: a path leads nowhere, or to many.
    """

    def __init__(self, model: Any, provided: Provided) -> None:
        #: What is read.
        self.provided = provided
        self._fields: dict[tuple[str, ...], Any] = {}
        #: The name of each concrete field that is read, or begins a path, by its attribute.
        self._heads: dict[str, str] = {}
        paths = [one.origin for one in provided.arguments if not callable(one.origin)]
        for path in paths:
            self._fields[path] = _follow(model, path)
            head = _fields_of(model).get(path[0])
            if head is not None and getattr(head, "column", None):
                self._heads[head.attname] = path[0]

    @property
    def attributes(self) -> Collection[str]:
        """The attributes of instances that hold the fields which are read."""
        return self._heads.keys()

    def field_of(self, name: str) -> Any:
        """The field that the provided value of a name is read from; None when there is none."""
        origins = {one.name: one.origin for one in self.provided.arguments}
        origin = origins.get(name)
        return self._fields.get(origin) if isinstance(origin, tuple) else None

    def names(self, attributes: Collection[str]) -> list[str]:
        """The fields of attributes."""
        return [self._heads[attribute] for attribute in attributes]

    def read(self, instance: Any, path: tuple[str, ...], using: str | None) -> Any:
        """The value at a path of an instance, as JSON can hold it. May ask the database."""
        for name in path[:-1]:
            instance = getattr(instance, name, None)  # the other end of a one-to-one may be missing
            if instance is None:
                return None
        field = self._fields[path]
        if field is None:
            return _called(getattr(instance, path[-1]))
        if field.many_to_many:
            related = getattr(instance, field.name).using(using)
            return list(related.order_by("pk").values_list("pk", flat=True))
        value = getattr(instance, field.attname)
        if hasattr(value, "resolve_expression"):  # F("count") + 1: only the database knows
            rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)  # noqa: SLF001  # Django's own way
            value = rows.values_list(field.attname, flat=True).get()
        return _plain(value if value is None else _stored(field, value))


@dataclass(frozen=True, slots=True)
class Instance:
    """The root that provided values are read from: one instance."""

    subject: Any
    reader: Reader
    #: The database it was changed in.
    using: str | None

    def call(self, function: Callable[[Any], Any]) -> Any:
        """What a function returns of the instance."""
        return _plain(function(self.subject))

    def get(self, path: tuple[str, ...]) -> Any:
        """The value at a path."""
        return self.reader.read(self.subject, path, self.using)


def _follow(model: Any, path: tuple[str, ...]) -> Any:
    """The field at the end of a path; None when it ends at a property or a method."""
    for position, name in enumerate(path):
        last = position == len(path) - 1
        field = _fields_of(model).get(name)
        if field is not None and field.is_relation and field.related_model is None:
            return _refuse_any(field, model)
        if field is None:
            _check_attribute(model, name, last=last)
            return None
        if last:
            own = field.concrete or (field.many_to_many and not field.auto_created)
            return field if own else _refuse_many(name, model)
        if not field.is_relation:
            reason = f"{name!r} of {model.__name__} has no fields of its own"
            raise InvalidHook("provides_args", reason)
        if not (field.many_to_one or field.one_to_one):
            return _refuse_many(name, model)
        model = field.related_model
    raise AssertionError(path)


def _fields_of(model: Any) -> dict[str, Any]:
    meta = model._meta  # noqa: SLF001  # Django's own way
    return {field.name: field for field in meta.get_fields()} | {"pk": meta.pk}


def _check_attribute(model: Any, name: str, *, last: bool) -> None:
    """Make sure that a name which is no field can be read all the same."""
    if name in model._meta.fields_map or not last or not hasattr(model, name):  # noqa: SLF001  # Django's own way
        names = [*_fields_of(model), *(each for each in vars(model) if each[0] != "_")]
        close = difflib.get_close_matches(name, names, 1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(sorted(names))}."
        reason = f"{name!r} is no field, property or method of {model.__name__}"
        raise InvalidHook("provides_args", reason, hint=hint)
    if getattr(getattr(model, name), "alters_data", False):
        raise InvalidHook("provides_args", f"{name!r} of {model.__name__} changes data")


def _refuse_many(name: str, model: Any) -> Any:
    reason = f"{name!r} of {model.__name__} leads to many"
    hint = "Provide a function instead, such as {'tags': lambda page: [...]}."
    raise InvalidHook("provides_args", reason, hint=hint)


def _stored(field: Any, value: Any) -> Any:
    """A value as it would be loaded again: of the field's type, and with as many decimals."""
    value = field.to_python(value)
    typed = getattr(field, "output_field", field)  # a generated field has it of another
    places = getattr(typed, "decimal_places", None)  # a field of a project's own may have none
    if isinstance(value, Decimal) and value.is_finite() and places is not None:
        context = Context(prec=getattr(typed, "max_digits", None))
        return value.quantize(Decimal(1).scaleb(-places), context=context)
    return value


def _refuse_any(field: Any, model: Any) -> Any:
    reason = f"{field.name!r} of {model.__name__} leads to instances of any model"
    hint = f"Name {field.ct_field}.model and {field.fk_field}, or provide a function."
    raise InvalidHook("provides_args", reason, hint=hint)


def _called(value: Any) -> Any:
    return _plain(value() if callable(value) else value)


def _plain(value: Any) -> Any:
    """What pydantic does not know how to write: files by name, bytes as base64, rows by key.

    A queryset is a list of what it has.
    """
    if hasattr(value, "iterator") and hasattr(value, "query"):
        return [_plain(one) for one in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(bytes(value)).decode()
    if hasattr(value, "_meta"):
        return value.pk
    if hasattr(value, "storage") and hasattr(value, "name"):
        return value.name
    if hasattr(value, "__html__") or hasattr(value, "_proxy____cast"):
        return str(value)
    return value
