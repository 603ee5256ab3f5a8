"""ModelHook: an event whenever something happens to a Django model's instances.

Django is not imported here: a model and its signals bring all that is needed with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from durian.errors import InvalidHook, InvalidSettings
from durian.hook import changed
from durian.hook.deployment import current
from durian.hook.hook import OPTIONS
from durian.hook.instance import Instance, Reader
from durian.hook.provided import Provided
from durian.hook.reference import imported
from durian.hook.signal_hook import SignalHook

#: What `m2m_changed` says of relations that have just changed; the rest is about to happen.
_M2M_DONE = frozenset({"post_add", "post_remove", "post_clear"})

#: The signals of saves, and of many-to-many relations.
_SAVED = "django.db.models.signals.post_save"
_RELATED = "django.db.models.signals.m2m_changed"

#: The signals of deletions.
_DELETIONS = ("django.db.models.signals.pre_delete", "django.db.models.signals.post_delete")


class ModelHook(SignalHook):
    """A hook that is triggered by a signal of a model.

        class PersonHook(ModelHook):
            name = "person"
            model = Person
            provides_args = ["name", "address", "owner.email"]

    Its events hold what `provides_args` names of the instance (without it, every field but the
    primary key) and `own_args` of the signal's arguments. Models that inherit from it count too.
    """

    signal: Any = _SAVED
    #: The model.
    model: Any = None
    #: Whether events tell which provided fields have changed (`changed`); costs a copy of their
    #: values for every instance that is loaded.
    track_changes: bool = False

    #: What events hold of the signal's own arguments, unless a provided field has that name:
    #: `created` of a save, `changed`, and `action` and `pk_set` of many-to-many relations.
    own_args: ClassVar[tuple[str, ...]] = ("created", "changed", "action", "pk_set")

    @classmethod
    def _options(cls) -> tuple[str, ...]:
        return (*OPTIONS, "signal", "sender", "model", "track_changes")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        meta = getattr(self.model, "_meta", None)
        if meta is None:
            raise InvalidHook("model", f"{self.model!r} is no model", hint="Give a Django model.")
        if self._provided is None:
            fields = [field.name for field in meta.concrete_fields if not field.primary_key]
            self._provided = Provided.of_names(fields)
        self._reader = Reader(self.model, self._provided)
        self._bound = False

    def bind(self) -> None:
        """Connect to the signal, for the model and all that inherit from it. Harmless twice.

        Raises:
            InvalidSettings: `durian.django` is not installed.
        """
        if self._bound:
            return
        _check_app()
        super().bind()
        self._bound = True
        current().bound(self)
        if self.track_changes:
            changed.follow(self.senders_of_instances(), self.name, self._reader.attributes)

    def unbind(self) -> None:
        """Disconnect from it. Harmless twice."""
        if not self._bound:
            return
        super().unbind()
        self._bound = False
        current().unbound(self)
        if self.track_changes:
            changed.forget(self.senders_of_instances(), self.name)

    def field_of(self, name: str) -> Any:
        """The model's field that a provided value is read from; None when there is none."""
        return self._reader.field_of(name)

    def senders(self) -> Iterable[Any]:
        """The model and its heirs; or what `sender` says, such as a many-to-many relation's."""
        if self.sender is not None:
            return (self.sender,)
        models = self.senders_of_instances()
        if self._tells_of_deletions():
            # With an heir's row its parents' are deleted, and Django tells of each.
            return [each for each in models if not _parents(each) & {*models}]
        return models

    def _tells_of_deletions(self) -> bool:
        signal = self.resolve_signal()
        return any(signal is imported("signal", each) for each in _DELETIONS)

    def offers(self) -> list[str]:
        """What a listener can ask of its events: what it provides, and what its signal says."""
        names = list(self._reader.provided.names)
        signal = self.resolve_signal()
        if signal is imported("signal", _SAVED):
            names += ["created", "changed"] if self.track_changes else ["created"]
        elif signal is imported("signal", _RELATED):
            names += ["action", "pk_set"]
        return list(dict.fromkeys(names))

    def senders_of_instances(self) -> list[Any]:
        """The model and its heirs, which send signals of their own."""
        return [each for each in _with_heirs(self.model) if not each._meta.abstract]  # noqa: SLF001  # Django's own way

    def data_of(self, payload: Mapping[str, Any]) -> Any:
        """The data of an event about `payload["instance"]`."""
        instance = payload.get("instance")
        if not isinstance(instance, self.model):
            reason = f"needs an instance of {self.model.__name__}"
            raise InvalidHook("instance", reason, hint="Call send(sender, instance=...).")
        data = self._reader.provided.of(Instance(instance, self._reader, payload.get("using")))
        own = (name for name in self.own_args if name in payload and name not in data)
        return data | {name: payload[name] for name in own}

    def _receive(self, sender: Any, **arguments: Any) -> None:
        """Send what a signal says, unless it is about fixtures or not done yet."""
        del sender
        if not arguments.get("raw") and arguments.get("action", "post_add") in _M2M_DONE:
            self.tell(**arguments)

    def tell(self, **arguments: Any) -> None:
        """Send what the arguments of its signal say, `instance` among them."""
        using = arguments.get("using")
        for payload in self._payloads(arguments):
            self._emit(lambda payload=payload: self.data_of(payload), using=using)  # type: ignore[misc]  # mypy infers no lambda with a default

    def _payloads(self, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One payload for each instance that a signal is about."""
        instance = arguments.get("instance")
        if arguments.get("pk_set") is not None:
            arguments["pk_set"] = sorted(arguments["pk_set"])
        if isinstance(instance, self.model):
            if self.track_changes and "created" in arguments:
                arguments["changed"] = self._changed(instance, arguments)
            yield arguments
        elif arguments.get("reverse") and arguments.get("pk_set"):
            # Told from the other end of a relation: these instances changed, by that one.
            others = self.model._base_manager.using(arguments.get("using"))  # noqa: SLF001  # Django's own way
            for other in others.filter(pk__in=arguments["pk_set"]):
                yield arguments | {"instance": other, "pk_set": [getattr(instance, "pk", None)]}

    def _changed(self, instance: Any, arguments: Mapping[str, Any]) -> list[str]:
        """The provided fields that a save has changed."""
        only = arguments.get("update_fields")
        if only is not None:
            only = changed.attributes_of(instance, only)
        attributes = changed.just_saved(
            instance,
            self.name,
            self._reader.attributes,
            created=arguments["created"],
            only=only,
        )
        return self._reader.names(attributes)


def _check_app() -> None:
    """Make sure that events wait for the commit of what they tell of."""
    if not imported("model", "django.apps.apps").is_installed("durian.django"):
        raise InvalidSettings(
            "INSTALLED_APPS",
            'lacks "durian.django"',
            hint="Without it events would be sent of what is rolled back after all.",
        )


def _parents(model: Any) -> set[Any]:
    """The models that have a row of their own for each of a model's."""
    return {*model._meta.concrete_model._meta.get_parent_list()}  # noqa: SLF001  # Django's own way


def _with_heirs(model: Any) -> list[Any]:
    """A model and everything that inherits from it, each once."""
    found = {model: None}
    for heir in model.__subclasses__():
        if hasattr(heir, "_meta"):
            found |= dict.fromkeys(_with_heirs(heir))
    return list(found)
