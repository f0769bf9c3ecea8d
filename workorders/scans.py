"""Reporting by whoever stands before a label and scans it, without signing in, where the administrator lets them.

The place is fixed by the code. Nothing about the place's work is told: neither what is open nor what was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from accounts import limits
from accounts.actors import VISITOR
from accounts.thresholds import declare
from assets.models import Asset, AssetStatus, CriticalityQuestion, OldCode, ProblemType, Site, Trade
from workorders import intake
from workorders.models import AvoidedVisit, Source, WorkOrder
from workorders.refusals import Refused

if TYPE_CHECKING:
    from accounts.actors import Actor

IS_OPEN = declare("scan.open", False, "", "Whoever scans a label may report a problem without signing in")
PER_CODE = declare("scan.per_code", 5, "an hour", "Reports without sign-in by one label", minimum=1, maximum=1000)
PER_ADDRESS = declare(
    "scan.per_address", 10, "an hour", "Reports without sign-in from one internet address", minimum=1, maximum=1000
)
MOST_PHOTOS = 3


class TooMany(Refused):
    """So many reports came by this label or from this address that no more are taken for a while."""


class OutOfUse(Refused):
    """The unit or the site of the label is retired."""


def place_of(code: UUID) -> Asset | Site | None:
    """The unit or site that a label stands for."""
    unit = Asset.objects.visible_to(VISITOR).select_related("site", "category__trade").filter(scan_code=code).first()
    return unit or Site.objects.visible_to(VISITOR).filter(scan_code=code).first()


def replaced(code: UUID) -> bool:
    """Whether the label counts no longer, because its place was given a new code."""
    return OldCode.objects.visible_to(VISITOR).filter(code=code).exists()


def site_of(place: Asset | Site) -> Site:
    return place if isinstance(place, Site) else place.site


def in_use(place: Asset | Site) -> None:
    """Raises OutOfUse for what is retired."""
    if isinstance(place, Asset) and place.condition == AssetStatus.RETIRED:
        raise OutOfUse("This unit is out of use, so nothing can be reported for it. Tell a member of staff.")
    if site_of(place).retired_at:
        raise OutOfUse("This place is closed for good, so nothing can be reported for it.")


def allow_one_more(*, code: UUID, address: str, now: datetime) -> None:
    """Count one report by this label and from this address. Raises TooMany beyond what an hour may bring."""
    for kind, what, most in (("code", str(code), PER_CODE.value()), ("from", address, PER_ADDRESS.value())):
        if limits.count(f"scan:{kind}", what, now=now) > most:
            raise TooMany("Many reports came this hour. Wait an hour, or tell a member of staff.")


def report(
    place: Asset | Site,
    *,
    now: datetime,
    trade: Trade,
    problem_type: ProblemType | None,
    description: str,
    working: str,
    answers: Mapping[CriticalityQuestion, bool],
    requester_name: str,
    requester_phone: str,
    photos: Sequence[UploadedFile] = (),
    by: Actor = VISITOR,
) -> WorkOrder:
    """Take in what a visitor reports. Raises as `intake.report`, and OutOfUse."""
    in_use(place)
    asset = place if isinstance(place, Asset) else None
    return intake.report(
        by=by, now=now, site=site_of(place), trade=trade, problem_type=problem_type, asset=asset,
        area=asset.area if asset else None, description=description, working=working, answers=answers,
        requester_name=requester_name, requester_phone=requester_phone, photos=photos, source=Source.SCAN,
    )  # fmt: skip


def solved(place: Asset | Site, *, now: datetime, problem_type: ProblemType) -> AvoidedVisit:
    """ "That solved it", said by a visitor. Raises OutOfUse."""
    in_use(place)
    return intake.solved_by_self_help(
        by=VISITOR, now=now, site=site_of(place), problem_type=problem_type,
        asset=place if isinstance(place, Asset) else None,
    )  # fmt: skip
