"""What happens to every request: it gets an id, the zone of its person, and what is private is not kept by browsers."""

import re
import uuid
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.trace import request_id
from config.views.errors import bad_request

type Next = Callable[[HttpRequest], HttpResponseBase]

ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def trace(next_door: Next) -> Next:
    """Take the id that a proxy gave or make one; answer with it."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        own = given if ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(own)
        try:
            response = next_door(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = own
        return response

    return handle


def keep_private(next_door: Next) -> Next:
    """Pages that belong to a signed-in person are stored by nobody on the way, nor by the browser."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = next_door(request)
        if request.session.accessed and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response

    return handle


def local_time(next_door: Next) -> Next:
    """Times without a place of their own are read and written in the zone of the person."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return next_door(request)
        with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
            return next_door(request)

    return handle


class ZeroBytes:
    """No keyboard writes a zero byte and the database has no place for one: asking with it is a bad request."""

    def __init__(self, next_door: Next) -> None:
        self.next_door = next_door

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.next_door(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refused = isinstance(exception, DataError) and "NUL (0x00)" in str(exception)
        return bad_request(request) if refused else None
