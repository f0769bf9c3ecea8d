"""How a rule says no: with a name and a sentence. Views turn the name into 403, 409 or 422."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workorders.models import WorkOrder


class Refused(Exception):
    """A rule says no; `sentence` tells a person why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotNow(Refused):
    """It stands differently now. `work_order` is how, where it is about one; `heading` is what is said first."""

    heading = "This has changed meanwhile"

    def __init__(self, sentence: str, work_order: WorkOrder | None) -> None:
        super().__init__(sentence)
        self.work_order = work_order


class InTheWay(NotNow):
    """Nobody was faster: something else must be done first, or it is over for good."""

    heading = "This cannot be done now"


class NotAllowed(Refused):
    """In sight, but not this person's to do."""


class Incomplete(Refused):
    """Something asked for is missing or makes no sense; `faults` names each field with its sentence."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class NotCovered(Incomplete):
    """The vendor fails checks and nobody gave a reason to send it all the same."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"override_reason": sentence})


class OverLimit(Incomplete):
    """More money than this person may decide on."""

    def __init__(self, sentence: str, field: str = "amount") -> None:
        super().__init__({field: sentence})
