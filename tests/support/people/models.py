"""What the test project's hooks are about: every kind of field and relation that matters."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import django
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Account(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Owner(models.Model):
    email = models.EmailField()
    name = models.CharField(max_length=200)


class Tag(models.Model):
    name = models.CharField(max_length=200)


class Person(models.Model):
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=200)
    secret = models.CharField(max_length=200)
    age = models.IntegerField(null=True)
    born = models.DateField(null=True)
    notes = models.JSONField(default=dict)
    photo = models.FileField(blank=True)
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Tag)

    @property
    def initial(self) -> str:
        return str(self.name)[:1]

    def greeting(self) -> str:
        return f"Hello {self.name}"


class VipPerson(Person):
    class Meta:
        proxy = True


class Employee(Person):
    salary = models.IntegerField(default=0)


class Comment(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.CharField(max_length=40)
    about = GenericForeignKey()


class Parcel(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    weight = models.DecimalField(max_digits=8, decimal_places=2)
    recipient = models.ForeignKey(Account, null=True, on_delete=models.CASCADE)
    sealed = models.BinaryField(default=b"")


class Money(models.Field):
    """A field of a project's own: a decimal of any number of places, kept as text."""

    def db_type(self, connection: Any) -> str:
        del connection
        return "varchar(40)"

    def to_python(self, value: Any) -> Decimal:
        return Decimal(value)

    def get_prep_value(self, value: Any) -> str:
        return str(value)

    def from_db_value(self, value: str, *_: Any) -> Decimal:
        return Decimal(value)


class Invoice(models.Model):
    net = models.DecimalField(max_digits=8, decimal_places=2)
    paid = Money()
    if django.VERSION >= (5,):
        doubled = models.GeneratedField(
            expression=models.F("net") * 2,
            output_field=models.DecimalField(max_digits=9, decimal_places=2),
            db_persist=True,
        )
