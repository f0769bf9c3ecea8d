"""What people see when a page cannot be shown."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from config.views import errors


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
    html = errors.form_expired(asked("post", "/approve", {"amount": "9000"}, **headers)).content.decode()
    assert "9000" not in html
    assert "Send again</button>" not in html
    assert "Not sent" in html


def test_what_is_missing_and_what_is_hidden_look_alike():
    missing, hidden = (
        re.sub(r'"X-CSRFToken": "\w+"', "", errors.not_found(asked(path=path)).content.decode())
        for path in ("/sites/X-999", "/sites/M-114")
    )
    assert missing == hidden
