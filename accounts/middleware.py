"""What every request carries with it: a number to find its events and log lines by."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.events import under

FROM_A_PROXY = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestNumber:
    """Gives each request its number (the proxy's own, if it sent a sane one) and says it in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if FROM_A_PROXY.fullmatch(given) else uuid.uuid4().hex
        with under(request_id=number):
            response = self.get_response(request)
        response["X-Request-ID"] = number
        return response
