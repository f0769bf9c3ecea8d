"""The log: who did what, for those who audit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.filters import LogFilter
from accounts.guards import requires
from accounts.log import subjects_of, told
from accounts.models import LogEvent
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act


@require_safe
@requires(Act.AUDIT)
def log(request: HttpRequest) -> HttpResponse:
    chosen = LogFilter(request.GET, LogEvent.objects.visible_to(request.user).for_table(), request=request)
    page = page_of(chosen.qs, by="-at", asked=request.GET)
    about = subjects_of(page.rows)
    words = {
        "filter": chosen,
        "page": page,
        "entries": [(event, told(event), about[event.stream]) for event in page.rows],
        "now": timezone.now(),
    }
    return page_or_partial(request, "accounts/log.html", words, partials=("log-results",))
