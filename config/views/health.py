"""Two questions of a balancer: is the process alive, and can it serve pages."""

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guards import public
from config.health import condition


@public
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@public
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """503 when pages cannot be served. A missing worker is told, but takes no page away."""
    found = condition(timezone.now())
    status = "ready" if found.well else "degraded" if found.ready else "unavailable"
    return JsonResponse({"status": status, **asdict(found)}, status=200 if found.ready else 503)
