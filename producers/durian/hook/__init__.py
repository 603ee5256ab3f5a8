"""Hooks: what an application tells of itself, each one type of event.

    class PersonHook(ModelHook):
        name = "person"
        model = Person
        provides_args = ["name", "address"]

    hooks.register(PersonHook)

`hooks` is `durian.registry.hooks`. Nothing here loads Django, a broker's driver or a database's:
that happens when first an event is sent or a listener is saved.
"""

from __future__ import annotations

from durian.hook.deployment import Deployment, NotDelivered, current, use
from durian.hook.hook import Hook, schedule_of
from durian.hook.model_hook import ModelHook
from durian.hook.muting import muted
from durian.hook.new_listener import NewListener, SavedListener
from durian.hook.settings import Settings
from durian.hook.signal_hook import SignalHook

__all__ = [
    "Deployment",
    "Hook",
    "ModelHook",
    "NewListener",
    "NotDelivered",
    "SavedListener",
    "Settings",
    "SignalHook",
    "current",
    "muted",
    "schedule_of",
    "use",
]
