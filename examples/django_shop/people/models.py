"""A person, as on the first durian's page."""

from django.db import models


class Person(models.Model):
    """Somebody, with something that nobody else should know."""

    name = models.CharField(max_length=200)
    address = models.CharField(max_length=200)
    secret = models.CharField(max_length=200, blank=True)

    class Meta:
        """In the plural they are people."""

        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name
