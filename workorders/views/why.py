"""Why this vendor: what was shown when it was asked, and how other weights would have ranked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act
from workorders import replay
from workorders.forms.replay import PARTS, ReplayForm, as_then, as_today
from workorders.models import Offer
from workorders.terms import terms_of


@require_safe
@requires(Act.VIEW_DESK)
def shown(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What was shown at the moment of an offer, as it stood then, beside what the weights in the address would say."""
    seen = Offer.objects.visible_to(request.user, Act.VIEW_DESK).select_related(
        "work_order__site__region", "offered_by", "decline_reason"
    )
    asked = get_object_or_404(seen, pk=pk, work_order__number=number.upper())
    told = replay.read(asked.explanation or {})
    row = asked.work_order
    context: dict[str, Any] = {
        "offer": asked, "order": row, "told": told, "tz": row.site.time_zone, "part_names": PARTS,
        "name": (told and told.name_of(asked.vendor_id)) or "this vendor",
    }  # fmt: skip
    status = 200
    if told and told.eligible:
        trying = any(name in request.GET for name in ("order", *PARTS))
        form = ReplayForm(request.GET if trying else None, initial=as_then(told))
        terms = terms_of(row)
        context |= {"form": form, "today": as_today(terms), "today_name": terms.name}
        if trying and form.is_valid():
            lines = replay.replay(told, weights=form.weights, rank_first=form.rank_first)
            context |= {"lines": lines, "first": lines[0].told, "was_first": told.eligible[0],
                        "moved": sum(line.up != 0 for line in lines)}  # fmt: skip
        status = 422 if form.errors else 200
    return page_or_partial(request, "workorders/desk/shown.html", context, status=status)
