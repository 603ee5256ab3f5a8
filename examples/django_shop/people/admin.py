"""People in the admin: saving one there is an event."""

from django.contrib import admin

from people.models import Person

admin.site.register(Person)
