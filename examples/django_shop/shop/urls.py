"""The admin, and the pages on which listeners are made."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("webhooks/", include("durian.django.urls")),
]
