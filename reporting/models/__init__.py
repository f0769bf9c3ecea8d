"""What is kept of measures, so that a dashboard reads days and not work orders."""

from reporting.models.day import DayDuration, DayRollup, DaySpend, DirtyDay, Stretch
from reporting.models.score import Exclusion, Reply, Snapshot, TouchedScore

__all__ = [
    "DayDuration",
    "DayRollup",
    "DaySpend",
    "DirtyDay",
    "Exclusion",
    "Reply",
    "Snapshot",
    "Stretch",
    "TouchedScore",
]
