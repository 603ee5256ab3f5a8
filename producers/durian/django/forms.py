"""The forms of the two screens: an event, then a URL and one condition for each provided field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms  # noqa: PLW0406  # Django's own: ruff leaves our namespace out
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from durian.errors import InvalidInput
from durian.hook import Hook, schedule_of
from durian.match import Filter
from durian.match.values import read_scalar
from durian.registry import Listener
from durian.registry.url import parse_url

#: What a condition can ask for: the first durian's matchers, and those for numbers and sets. Keys
#: are words of a filter's JSON form.
MATCHERS = (
    ("any", _("is anything")),
    ("is", _("is exactly")),
    ("startswith", _("starts with")),
    ("endswith", _("ends with")),
    ("contains", _("contains")),
    ("like", _("matches the expression")),
    ("in", _("is one of (a, b, c)")),
    ("not", _("is not")),
    ("gt", _("is more than")),
    ("lt", _("is less than")),
)

#: Matchers whose value is text, whatever it looks like.
_TEXTS = frozenset({"startswith", "endswith", "contains", "like"})

#: Kinds of Django's fields whose values are numbers or truth values in JSON.
_NUMBERS = ("IntegerField", "AutoField", "FloatField", "BooleanField", "ForeignKey")


class UrlField(forms.CharField):
    """A URL that events can be POSTed to; whether it may be called is decided when it is."""

    widget = forms.URLInput

    def clean(self, value: Any) -> str:
        """Check it as the registry does."""
        text: str = super().clean(value)
        try:
            parse_url(text)
        except InvalidInput as error:
            raise ValidationError(str(error)) from error
        return text


class SelectEventForm(forms.Form):
    """The first screen: which event."""

    event = forms.ChoiceField(label=_("Event"), widget=forms.RadioSelect)

    def __init__(self, offered: Sequence[Hook], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event"].choices = [(hook.name, hook.verbose_name) for hook in offered]


class DeliveryForm(forms.Form):
    """How deliveries are made: choices of a policy, by their names in it.

    A hook's `config_form` may be another form; what it cleans is taken as the policy's fields.
    """

    timeout_s = forms.FloatField(
        label=_("Timeout"),
        min_value=0.1,
        max_value=120,
        help_text=_("Seconds that one attempt may take."),
    )
    max_retries = forms.IntegerField(
        label=_("Retries"),
        min_value=0,
        max_value=99,
        help_text=_("After 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h and then daily."),
    )
    payload = forms.ChoiceField(
        label=_("Body"),
        choices=(
            ("data", _("the data")),
            ("cloudevent", _("the whole CloudEvent")),
            ("standard", _("Standard Webhooks: type, timestamp, data")),
        ),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as it is shown."""

    name: str
    matcher: Any
    value: Any


class ListenerForm(forms.Form):
    """The second screen: where to, and when."""

    url = UrlField(
        label=_("URL"),
        widget=forms.URLInput(attrs={"placeholder": "https://where.joe/is/listening"}),
        help_text=_("Each event is POSTed there, signed."),
    )
    description = forms.CharField(
        label=_("Note"), max_length=2000, required=False, help_text=_("What people see in lists.")
    )

    def __init__(self, hook: Hook, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hook = hook
        self._names = hook.offers()
        for index, name in enumerate(self._names):
            self.fields[f"matcher_{index}"] = forms.ChoiceField(
                label=_("%(field)s must") % {"field": name}, choices=MATCHERS, required=False
            )
            self.fields[f"value_{index}"] = forms.CharField(
                label=_("Value for %(field)s") % {"field": name}, required=False, strip=False
            )
        config = hook.config_form or DeliveryForm
        policy = hook.policy()
        self.config = config(
            self.data if self.is_bound else None,
            prefix="config",
            initial={
                "timeout_s": policy.timeout_s,
                "max_retries": len(policy.schedule_s) - 1,
                "payload": policy.payload,
            },
        )

    @property
    def conditions(self) -> Iterator[Row]:
        """One row for each field that the hook offers."""
        for index, name in enumerate(self._names):
            yield Row(name, self[f"matcher_{index}"], self[f"value_{index}"])

    def is_valid(self) -> bool:
        """Tell whether everything can be used, the delivery's form too."""
        return bool(super().is_valid() and self.config.is_valid())

    def clean(self) -> dict[str, Any]:
        """Make the listener; what cannot be used is said where it stands."""
        cleaned: dict[str, Any] = super().clean() or {}
        filter_ = Filter()
        for index, name in enumerate(self._names):
            matcher = cleaned.get(f"matcher_{index}") or "any"
            raw = cleaned.get(f"value_{index}") or ""
            if matcher != "any":
                try:
                    filter_ &= Filter.parse({name: self._condition(name, matcher, raw)})
                except InvalidInput as error:
                    self.add_error(f"value_{index}", error.reason)
        cleaned["filter"] = filter_
        return cleaned

    def listener(self, owner: str, narrowed: Filter) -> Listener:
        """The listener that was asked for, narrowed and not saved. Raises InvalidListener."""
        made = self.hook.listener(
            url=self.cleaned_data["url"],
            description=self.cleaned_data["description"],
            owner=owner,
            **policy_fields(self.config.cleaned_data),
        )
        return made.match(narrow(self.cleaned_data["filter"], narrowed)).build()

    def _condition(self, name: str, matcher: str, raw: str) -> Mapping[str, Any]:
        if matcher in _TEXTS:
            return {matcher: raw}
        if matcher == "in":
            return {"in": [self._value(name, part.strip()) for part in raw.split(",")]}
        value = read_scalar(raw) if matcher in {"gt", "lt"} else self._value(name, raw)
        return {"not": {"is": value}} if matcher == "not" else {matcher: value}

    def _value(self, name: str, raw: str) -> Any:
        """Filters compare strictly, so a number must become one where the field holds numbers."""
        field = self.hook.field_of(name)
        kind = "" if field is None else field.get_internal_type()
        return read_scalar(raw) if field is None or kind.endswith(_NUMBERS) else raw


class ChangeListenerForm(forms.Form):
    """What can be changed of a listener that exists."""

    narrowed = Filter()

    url = UrlField(label=_("URL"))
    description = forms.CharField(label=_("Note"), max_length=2000, required=False)
    filter = forms.CharField(
        label=_("Filter"),
        required=False,
        strip=True,
        help_text=_("Such as: name=startswith:J and age>=18. Empty: every event."),
    )
    enabled = forms.BooleanField(
        label=_("Enabled"), required=False, help_text=_("Events are matched and queued for it.")
    )
    paused = forms.BooleanField(
        label=_("Paused"), required=False, help_text=_("What is queued waits in its queue.")
    )

    @classmethod
    def of(cls, listener: Listener, narrowed: Filter, data: Any = None) -> ChangeListenerForm:
        """The form of a listener as it is, for a user who may know of some events only."""
        conditions = Filter.parse(listener.filter)
        short = "" if conditions == Filter() else conditions.to_short()
        form = cls(
            data,
            initial={
                "url": listener.url,
                "description": listener.description,
                "filter": short,
                "enabled": listener.enabled,
                "paused": listener.paused,
            },
        )
        form.narrowed = narrowed
        return form

    def clean_filter(self) -> str:
        """Read the filter."""
        text: str = self.cleaned_data["filter"]
        try:
            given = Filter.parse_short(text) if text else Filter()
            return narrow(given, self.narrowed).to_json()
        except InvalidInput as error:
            raise ValidationError(str(error)) from error


class EventForm(forms.Form):
    """Data of an event that is sent by hand."""

    data = forms.CharField(label=_("Data"), widget=forms.Textarea(attrs={"rows": 8}))

    def clean_data(self) -> Any:
        """Read the data."""
        try:
            data = json.loads(self.cleaned_data["data"])
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is not JSON: %(error)s") % {"error": error}) from error
        if not isinstance(data, dict):
            raise ValidationError(_("Write a JSON object, such as {}."))
        return data


def narrow(conditions: Filter, narrowed: Filter) -> Filter:
    """Conditions that hold only where others do too; those are added unless they are there."""
    there, asked = (json.loads(one.to_json()) for one in (conditions, narrowed))
    return conditions if asked.items() <= there.items() else conditions & narrowed


def policy_fields(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """What a delivery form has cleaned, as fields of a policy."""
    fields = {name: value for name, value in cleaned.items() if value not in (None, "")}
    retries = fields.pop("max_retries", None)
    if retries is not None:
        fields["schedule_s"] = schedule_of(retries)
    if "timeout_s" in fields:
        fields["connect_timeout_s"] = min(fields["timeout_s"], 5.0)
    return fields
