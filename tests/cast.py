"""The cast: the same people and places in every story, few enough to know by heart."""

from __future__ import annotations

from functools import cached_property

from accounts.models import Role, User
from tests.factories.accounts import PersonFactory


class Cast:
    """Everybody is made when first spoken of, and only once per test.

    People of the north, of the south (the other side of every wall), and two vendors that compete.
    """

    # the house

    @cached_property
    def admin(self) -> User:
        """Ada runs the installation's settings, vendors and people; she has no spending power."""
        return PersonFactory(name="Ada Admin", roles=[Role.ADMINISTRATOR])

    @cached_property
    def second_admin(self) -> User:
        """Alex, the other administrator: for what nobody may do to himself."""
        return PersonFactory(name="Alex Admin", roles=[Role.ADMINISTRATOR])

    @cached_property
    def operator(self) -> User:
        """Otis may open the admin window and has no role in the work."""
        return PersonFactory(name="Otis Operator", is_staff=True, is_superuser=True)

    @cached_property
    def stranger(self) -> User:
        """Stan signs in, but nobody has given him a role."""
        return PersonFactory(name="Stan Stranger")
