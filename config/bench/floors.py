"""What everything is measured against: the emptiest page of the product, and the same with one row written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from accounts.guards import requires
from accounts.models import Operation
from accounts.once import fresh_key
from accounts.permissions import Act

EMPTY = "{% extends shell.own %}{% block title %}Empty{% endblock %}{% block content %}<p>Nothing.</p>{% endblock %}"
_template = engines["django"].from_string(EMPTY)


@requires(Act.OWN_ACCOUNT)
def empty(request: HttpRequest) -> HttpResponse:
    """F1: session, person, shell, nothing else."""
    return HttpResponse(_template.render({}, request))


@requires(Act.OWN_ACCOUNT)
def one_row(request: HttpRequest) -> HttpResponse:
    """F2: the same, and one row written and committed."""
    Operation.objects.create(key=fresh_key(), user_id=request.user.pk, action="bench", made_at=timezone.now())
    return HttpResponse(_template.render({}, request))


urlpatterns = [
    path("bench/empty", empty),
    path("bench/one-row", one_row),
    path("", include("config.urls")),
]

FIFTY = """
SELECT w.id, w.number, w.title, w.status, w.priority, w.due_at, w.reported_at, w.authorized_amount, w.currency, s.code,
    s.name, t.name, v.name
FROM workorders_workorder w JOIN assets_site s ON s.id = w.site_id JOIN assets_trade t ON t.id = w.trade_id
LEFT JOIN vendors_vendor v ON v.id = w.vendor_id WHERE w.id = ANY(%s)
"""
"""S0: fifty work orders by their keys, with the names of a row."""
