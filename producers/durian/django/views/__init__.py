"""The pages of listeners; the same views stand in the project and in its admin."""

from __future__ import annotations

from durian.django.views.attempts import AttemptsView, DeadLettersOfView, DeadLettersView
from durian.django.views.create import CreateListenerView, SelectEventView
from durian.django.views.listeners import (
    ChangeListenerView,
    ListenersView,
    ListenerView,
    RemoveListenerView,
    RotateSecretView,
)
from durian.django.views.listening import listening
from durian.django.views.send import SendEventView

__all__ = [
    "AttemptsView",
    "ChangeListenerView",
    "CreateListenerView",
    "DeadLettersOfView",
    "DeadLettersView",
    "ListenerView",
    "ListenersView",
    "RemoveListenerView",
    "RotateSecretView",
    "SelectEventView",
    "SendEventView",
    "listening",
]
