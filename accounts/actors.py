"""Who acts: a person, or the house itself. Every rule takes one as `by`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.permissions import SYSTEM_GRANTS, Act

if TYPE_CHECKING:
    from accounts.models.user import User

type Actor = User | System


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


CLOCK = System("Mainstay")
"""The sweeps: expiry, silence, missed check-outs."""

PLANNER = System("Planned maintenance")
IMPORTER = System("Import", via="import")


def person(by: Actor) -> User | None:
    """The user behind `by`, or None when the house acts."""
    return None if isinstance(by, System) else by


VISITOR = System("Visitor", via="link")
"""Whoever has scanned a label and has not signed in."""

POSTMAN = System("E-mail", via="mail")
"""Mail that nobody is proved to have written."""
