"""What people see when a page cannot be shown."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.once import fresh_key
from config.views import errors
from tests.cast import Cast
from vendors.models import Vendor

type Enter = Callable[[User], Client]


def asked(method: str = "get", path: str = "/queue", data: dict[str, str] | None = None, **headers: str) -> HttpRequest:
    request: HttpRequest = getattr(RequestFactory(), method)(path, data or {}, headers=headers)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("handler", "status", "sentence"),
    [
        (errors.bad_request, 400, "could not read this"),
        (errors.not_allowed, 403, "Your role cannot do this"),
        (errors.not_found, 404, "This page is not here"),
        (errors.broken, 500, "Something broke on our side"),
    ],
)
def test_a_page_that_cannot_be_shown_says_so_in_words(handler, status, sentence):
    answer = handler(asked())
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert "<main" in answer.content.decode()


@pytest.mark.parametrize("handler", [errors.bad_request, errors.not_allowed, errors.not_found, errors.broken])
def test_a_region_gets_a_notice_and_not_a_page(handler):
    html = handler(asked(**{"HX-Request": "true"})).content.decode()
    assert 'class="notice"' in html
    assert "<main" not in html


def test_an_expired_form_offers_its_answers_again_but_never_a_password():
    request = asked(
        "post",
        "/report",
        {"title": 'Cooler "2" <warm>', "password": "hunter2hunter2", "csrfmiddlewaretoken": "old"},
        **{"Sec-Fetch-Site": "same-origin"},
    )
    answer = errors.form_expired(request)
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "Cooler &quot;2&quot; &lt;warm&gt;" in html
    assert 'action="/report"' in html
    assert "hunter2" not in html
    assert 'value="old"' not in html


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_a_form_from_elsewhere_is_never_offered_again(headers):
    html = errors.form_expired(asked("post", "/approve", {"amount": "9,000.50"}, **headers)).content.decode()
    assert "9,000.50" not in html
    assert "Send again</button>" not in html
    assert "Not sent" in html


def test_what_is_missing_and_what_is_hidden_look_alike():
    missing, hidden = (
        re.sub(r'"X-CSRFToken": "\w+"', "", errors.not_found(asked(path=path)).content.decode())
        for path in ("/sites/X-999", "/sites/M-114")
    )
    assert missing == hidden


@pytest.mark.parametrize("address", ["/search?q=a%00b", "/vendors/a%00b", "/work-orders/WO%00", "/sites/%00"])
def test_a_zero_byte_in_an_address_is_a_bad_request(cast: Cast, enter: Enter, address: str) -> None:
    answer = enter(cast.admin).get(address)
    assert answer.status_code == 400
    assert "could not read this" in answer.content.decode()


def test_a_zero_byte_in_a_form_is_a_bad_request_and_nothing_is_kept(cast: Cast, enter: Enter) -> None:
    before = Vendor.objects.count()
    assert enter(cast.admin).post("/vendors/new", {"operation": "a\0b" * 5}).status_code == 400
    assert Vendor.objects.count() == before


@pytest.mark.parametrize("onward", ["NaN", "-1", "x" * 300, "//evil.example", "https://evil.example", "javascript:x"])
def test_a_notice_leads_only_into_the_house(cast: Cast, enter: Enter, onward: str) -> None:
    assert enter(cast.store).post("/notices/read", {"next": onward, "notice": "²"})["Location"] == "/notices"


@pytest.mark.parametrize("code", ["A/B", "A\\B", "..", "new", "New", "invite", "A\tB"])
def test_a_code_that_leads_to_no_page_comes_back(cast: Cast, enter: Enter, code: str) -> None:
    client = enter(cast.admin)
    for address, name in (("/vendors/new", "code"), ("/sites/new", "code"), ("/assets/new", "tag")):
        answer = client.post(address, {name: code, "operation": fresh_key()})
        assert answer.status_code == 422, address
        assert answer.context["form"].errors[name], address
