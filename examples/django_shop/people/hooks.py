"""What the shop tells of people. This module is found by itself."""

from durian.hook import ModelHook
from durian.registry import hooks
from people.models import Person


@hooks.register
class PersonHook(ModelHook):
    """Name and address, and never the secret."""

    name = "person"
    verbose_name = "Person"
    description = "Somebody was added or changed."
    model = Person
    provides_args = ("name", "address")
    example = {"name": "Joe", "address": "1 Elm Street", "created": True}  # noqa: RUF012  # never changed
