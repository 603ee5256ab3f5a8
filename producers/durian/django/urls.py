"""The pages of listeners, to be mounted by `include("durian.django.urls")`."""

from __future__ import annotations

from django.urls import path

from durian.django import views

#: The namespace of these pages.
app_name = "durian"

urlpatterns = [
    path("", views.ListenersView.as_view(), name="listeners"),
    path("add/", views.SelectEventView.as_view(), name="select_event"),
    path("add/listener/", views.CreateListenerView.as_view(), name="create_listener"),
    path("attempts/", views.AttemptsView.as_view(), name="attempts"),
    path("dead/", views.DeadLettersView.as_view(), name="dead_letters"),
    path("listening/", views.listening, name="listening"),
    path("events/<str:name>/send/", views.SendEventView.as_view(), name="send_event"),
    path("<slug:listener_id>/", views.ListenerView.as_view(), name="listener"),
    path("<slug:listener_id>/change/", views.ChangeListenerView.as_view(), name="change_listener"),
    path("<slug:listener_id>/remove/", views.RemoveListenerView.as_view(), name="remove_listener"),
    path("<slug:listener_id>/secret/", views.RotateSecretView.as_view(), name="rotate_secret"),
    path("<slug:listener_id>/dead/", views.DeadLettersOfView.as_view(), name="dead_letters_of"),
]
