"""What a technician finds on site besides the job, told while he is there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.guards import requires
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.permissions import Act
from workorders import intake
from workorders.forms.found import FoundForm
from workorders.models import WorkOrder
from workorders.refusals import InTheWay
from workorders.views.answers import answered, too_late
from workorders.views.job import find, path_of


@requires(Act.REPORT_FOUND)
def found(request: HttpRequest, number: str) -> HttpResponse:
    """Fill in, answer the questions of the problem, tell facilities."""
    row = find(request, number, Act.REPORT_FOUND)
    if not intake.on_site(row, request.user):
        return too_late(
            request, InTheWay("Check in first: what you find is told while you are on site.", row), path_of(row)
        )
    if request.method != "POST":
        return _page(request, row, FoundForm(by=request.user, row=row, tag=request.GET.get("asset", "")))
    form = FoundForm(request.POST, request.FILES, by=request.user, row=row)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    if form.must_ask():
        return _page(request, row, form)

    def act() -> str:
        given = form.cleaned_data
        intake.found_on_site(
            row, by=request.user, now=timezone.now(), trade=given["trade"], problem_type=given["problem_type"],
            asset=given["asset"], working=given["working"], description=given["description"], answers=form.answers,
            photos=given["photos"],
        )  # fmt: skip
        return path_of(row)

    sentence = "Facilities has it. Nothing may be spent on it before they have looked."
    done = answered(request, action=f"found:{row.pk}", act=act, back=path_of(row), sentence=sentence, form=form)
    return done or _page(request, row, form, status=422)


def _page(request: HttpRequest, row: WorkOrder, form: FoundForm, *, status: int = 200) -> HttpResponse:
    context = {"row": row, "site": row.site, "form": form, "operation": fresh_key()}
    return page_or_partial(request, "workorders/field/found.html", context, partials={"found"}, status=status)
