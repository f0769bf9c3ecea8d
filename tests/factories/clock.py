"""The present of every test story, and the house as its maker."""

from datetime import UTC, datetime

from accounts.actors import System

NOW = datetime(2026, 7, 14, 16, 0, tzinfo=UTC)
"""A Tuesday, 09:00 in Seattle and 12:00 in New York: every place of the cast is open."""

HOUSE = System("The house")
"""Who makes the cast and whatever a story finds already there."""
