"""The pages around signing in: each is there, in the look of the house, and says what to do."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from accounts import delivery

PUBLIC = ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/signup/")
OWN = (
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/reauthenticate/",
)


def mailed_link() -> str:
    delivery.deliver(now=timezone.now())
    found = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_pages_for_those_outside_wear_the_plain_shell(client, address):
    page = client.get(address)
    html = page.content.decode()
    assert page.status_code == 200
    assert 'class="login-f"' in html
    assert re.search(r"<title>[^<]+ · Mainstay</title>", html)
    assert "data-user" not in html


@pytest.mark.parametrize("address", OWN)
def test_pages_about_the_own_account_wear_it_too(cast, enter, client, address):
    client.force_login(cast.admin)
    page = client.get(address, follow=True)
    assert page.status_code == 200, page.request
    assert 'class="login-f"' in page.content.decode()


def test_a_wrong_password_says_what_to_do_and_keeps_the_address(cast, client):
    page = client.post("/accounts/login/", {"login": cast.admin.email, "password": "wrong wrong wrong"})
    html = page.content.decode()
    assert "<title>Error: Sign in" in html
    assert "data-errors" in html
    assert f'value="{cast.admin.email}"' in html


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(cast, client):
    page = client.post("/accounts/password/reset/", {"email": cast.admin.email}, follow=True)
    assert "Look in your mail" in page.content.decode()
    link = mailed_link()
    form = client.get(link, follow=True)
    assert "Set your password" in form.content.decode()
    new = "a walk in the cooler"
    done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert "Password set" in done.content.decode()
    assert "This link is used up" in client.get(link, follow=True).content.decode()
    assert client.login(email=cast.admin.email, password=new)


def test_a_password_that_is_too_short_is_refused_beside_its_field(cast, client):
    client.post("/accounts/password/reset/", {"email": cast.admin.email})
    link = mailed_link()
    form = client.get(link, follow=True)
    page = client.post(form.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert 'id="id_password1_error"' in page.content.decode()


def test_open_sign_up_is_closed(client, db):
    assert "Accounts are by invitation" in client.get("/accounts/signup/").content.decode()


def test_signing_in_says_nothing_that_the_page_does_not_show(cast, client):
    cast.admin.set_password("a walk in the cooler")
    cast.admin.save()
    page = client.post("/accounts/login/", {"login": cast.admin.email, "password": "a walk in the cooler"}, follow=True)
    assert "Successfully" not in page.content.decode()


def test_the_operators_window_has_no_door_of_its_own(cast, client):
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    client.force_login(cast.fm)
    assert client.get("/admin/login/").status_code == 403
    client.force_login(cast.operator)
    assert client.get("/admin/", follow=True).status_code == 200
