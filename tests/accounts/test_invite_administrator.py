"""A new installation has nobody; the operator invites the first administrator from the command line."""

from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Notice, User
from accounts.models.role import Role

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.org"


def invite(email: str = ADDRESS) -> str:
    out = StringIO()
    call_command("invite_administrator", email, "Ada Admin", stdout=out)
    return urlsplit(out.getvalue().strip()).path


def choose_password(client, path: str):
    return client.post(path, {"name": "Ada Admin", "password": "violet-harbor-93-lamp"})


def test_the_printed_link_lets_the_first_administrator_in(client):
    path = invite()
    assert client.get(path).status_code == 200
    choose_password(client, path)
    ada = User.objects.get(email=ADDRESS)
    assert ada.roles == {Role.ADMINISTRATOR}
    assert not ada.is_invited
    assert client.get("/people").status_code == 200


def test_the_same_link_goes_out_by_mail():
    path = invite()
    assert path.split("/")[-1].split(":")[0] == Notice.objects.get(address=ADDRESS).path.split("/")[-1].split(":")[0]


def test_asking_again_makes_a_new_link_and_ends_the_old_one(client):
    old, new = invite(), invite(ADDRESS.upper())
    assert client.get(old).status_code != 200
    assert client.get(new).status_code == 200


def test_who_has_come_in_needs_no_link(client):
    choose_password(client, invite())
    with pytest.raises(CommandError, match="has accepted already"):
        invite()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(CommandError, match="not an e-mail address"):
        invite("ada at example")
    assert not User.objects.exists()
