"""Codes that people choose and that stand in the address of a page: a site, a unit, a vendor."""

from __future__ import annotations

from django.core.exceptions import ValidationError

TAKEN = frozenset({"new", "invite"})
"""Pages that stand beside those of the codes."""


def stands_in_address(code: str) -> None:
    """Raises ValidationError for a code whose page could not be opened."""
    if "/" in code or "\\" in code or not code.isprintable() or not code.strip("."):
        raise ValidationError("Use letters, digits, dashes or dots, no slash: it stands in the address of its page.")
    if code.casefold() in TAKEN:
        raise ValidationError(f"“{code}” is the address of another page. Choose another code.")
