"""Who acts: a person, the house itself, or whoever holds a signed link. Every rule takes one as `by`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models.role import Role
from accounts.permissions import LINK_GRANTS, SYSTEM_GRANTS, Act

if TYPE_CHECKING:
    from accounts.models.user import User

type Actor = User | System | LinkHolder


@dataclass(frozen=True)
class System:
    """The house acting without a person: a clock, a plan, a rule, an import. Sees everything, may few things."""

    name: str
    via: str = "system"
    pk: None = None

    @property
    def acts(self) -> frozenset[Act]:
        return SYSTEM_GRANTS

    @property
    def roles(self) -> frozenset[str]:
        return frozenset()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class LinkHolder:
    """Whoever holds the signed link that was mailed to a vendor about one job: acts for that vendor, on that job alone.

    Stands where a signed-in person stands and is nobody with an account; `email` is where the link was sent.
    """

    link_id: int
    work_order_id: int
    vendor_id: int
    email: str
    company: str = ""
    via: str = "link"
    pk: None = None
    is_active: bool = True
    is_authenticated: bool = True

    @property
    def acts(self) -> frozenset[Act]:
        return LINK_GRANTS

    @property
    def roles(self) -> frozenset[str]:
        """On the vendor's side of the table, whatever is asked."""
        return frozenset({Role.DISPATCHER})

    def __str__(self) -> str:
        return by_link(self.email)


def by_link(email: str) -> str:
    """How an event names whoever acted by the link that was mailed to `email`."""
    return f"{email[:110]}, by link"


CLOCK = System("Mainstay")
"""The sweeps: expiry, silence, missed check-outs."""

PLANNER = System("Planned maintenance")
IMPORTER = System("Import", via="import")


def person(by: Actor) -> User | None:
    """The user behind `by`, or None when the house or the holder of a link acts."""
    return None if isinstance(by, System | LinkHolder) else by


VISITOR = System("Visitor", via="link")
"""Whoever has scanned a label and has not signed in."""

POSTMAN = System("E-mail", via="mail")
"""Mail that nobody is proved to have written."""
