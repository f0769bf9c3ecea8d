"""People."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts import people
from accounts.models import Membership, User
from tests.factories.clock import HOUSE, NOW


class PersonFactory(DjangoModelFactory[User]):
    """A person who has come in; `roles=[Role.FINANCE]` gives roles by the real rule."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Person {number}")
    email = factory.LazyAttribute(lambda person: f"{person.name.lower().replace(' ', '.')}@example.com")
    password = factory.django.Password("correct horse battery")
    joined_at = NOW

    @factory.post_generation
    def roles(self: User, create: bool, extracted: Any, **options: Any) -> list[Membership]:
        return [people.grant(user=self, role=role, by=HOUSE, now=NOW) for role in extracted or ()]
