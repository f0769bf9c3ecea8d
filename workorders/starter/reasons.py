"""Reasons under the fixed states, and what choosing each one means."""

from typing import NamedTuple

ALL = ("triage", "response", "arrival", "completion")
AFTER_DISPATCH = ("arrival", "completion")


class ReasonRow(NamedTuple):
    """One reason: code and label, the clocks it pauses, what it needs, and what the vendor may do with it."""

    under: str
    code: str
    label: str
    pauses: tuple[str, ...] = ()
    needs_note: bool = False
    needs_date: bool = False
    vendor_may_choose: bool = False
    vendor_sees: bool = True


REASONS = (
    # Waiting for parts is the vendor's own to shorten: no clock stands still for it.
    ReasonRow("hold", "parts", "Waiting for parts", needs_date=True, vendor_may_choose=True),
    ReasonRow("hold", "quote", "Waiting for a quote", AFTER_DISPATCH, vendor_may_choose=True),
    ReasonRow("hold", "approval", "Waiting for approval", AFTER_DISPATCH),
    ReasonRow("hold", "access", "Waiting for access", AFTER_DISPATCH, needs_note=True, vendor_may_choose=True),
    ReasonRow("hold", "weather", "Weather", AFTER_DISPATCH, vendor_may_choose=True),
    ReasonRow("hold", "landlord", "Waiting for the landlord", ALL, vendor_sees=False),
    ReasonRow("hold", "our_request", "At our request", ALL, needs_note=True, needs_date=True),
    ReasonRow("hold", "information", "Needs information from the store", ALL, needs_note=True),
    ReasonRow("hold", "wrong_trade", "Needs another trade", needs_note=True, vendor_may_choose=True),
    ReasonRow("hold", "utility", "Waiting for the utility company", AFTER_DISPATCH, vendor_may_choose=True),
    ReasonRow("hold", "other", "Something else", needs_note=True, needs_date=True),
    ReasonRow("decline", "time", "No time", vendor_may_choose=True),
    ReasonRow("decline", "wrong_trade", "Not our trade", vendor_may_choose=True),
    ReasonRow("decline", "area", "Too far away", vendor_may_choose=True),
    ReasonRow("decline", "nte_too_low", "The not-to-exceed amount is too low", vendor_may_choose=True),
    ReasonRow("decline", "not_warranty", "Not covered by our warranty", vendor_may_choose=True),
    ReasonRow("decline", "other", "Something else", needs_note=True, vendor_may_choose=True),
    ReasonRow("cancel", "fixed_itself", "Works again by itself"),
    ReasonRow("cancel", "duplicate", "Reported twice"),
    ReasonRow("cancel", "mistake", "Reported by mistake"),
    ReasonRow("cancel", "not_ours", "Not ours to repair"),
    ReasonRow("cancel", "too_costly", "Not worth the cost", vendor_sees=False),
    ReasonRow("cancel", "site_closed", "Site closed or unit retired"),
    ReasonRow("cancel", "other", "Something else", needs_note=True),
    ReasonRow("reassign", "no_answer", "Vendor does not answer"),
    ReasonRow("reassign", "too_late", "Vendor cannot come soon enough"),
    ReasonRow("reassign", "wrong_trade", "Another trade is needed"),
    ReasonRow("reassign", "price", "Price", vendor_sees=False),
    ReasonRow("reassign", "quality", "Work is not good enough", needs_note=True, vendor_sees=False),
    ReasonRow("reassign", "not_compliant", "Papers are not in order"),
    ReasonRow("reassign", "vendor_asked", "Vendor asked for it"),
    ReasonRow("reassign", "other", "Something else", needs_note=True),
    ReasonRow("reject", "same_problem", "Same problem as before"),
    ReasonRow("reject", "partly", "Only partly fixed"),
    ReasonRow("reject", "new_damage", "Something else was damaged", needs_note=True),
    ReasonRow("reject", "not_clean", "Left dirty or unsafe"),
    ReasonRow("reject", "nobody_came", "Nobody came"),
    ReasonRow("reject", "other", "Something else", needs_note=True),
    ReasonRow("position", "no_signal", "No signal here", vendor_may_choose=True),
    ReasonRow("position", "switched_off", "Location is switched off", vendor_may_choose=True),
    ReasonRow("position", "inside_building", "Deep inside the building", vendor_may_choose=True),
    ReasonRow("position", "mall_entrance", "Parked away from the site", vendor_may_choose=True),
    ReasonRow("position", "wrong_pin", "The site's position is wrong", vendor_may_choose=True),
    ReasonRow("position", "other", "Something else", needs_note=True, vendor_may_choose=True),
    ReasonRow("reschedule", "store_asked", "Store asked for another time", vendor_may_choose=True),
    ReasonRow("reschedule", "no_technician", "No technician free", vendor_may_choose=True),
    ReasonRow("reschedule", "parts", "Parts come later", vendor_may_choose=True),
    ReasonRow("reschedule", "weather", "Weather", vendor_may_choose=True),
    ReasonRow("reschedule", "emergency", "An emergency elsewhere", vendor_may_choose=True),
    ReasonRow("reschedule", "other", "Something else", needs_note=True, vendor_may_choose=True),
)
