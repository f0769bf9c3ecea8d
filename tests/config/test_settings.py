"""A wrong setting stops the start with its name and a hint; production refuses what is unsafe."""

import os
import subprocess
import sys

import pytest

from config import safety
from config import variables as read
from config.variables import WrongSetting

GOOD = {
    "MODE": "production",
    "SECRET_KEY": "r9LkQ2vXwZ7sT1mB4nC8yD3fG6hJ0pKe5uAiOqWxEzRtYsVbNm",
    "BASE_URL": "https://mainstay.example.org",
    "ALLOWED_HOSTS": "mainstay.example.org",
    "DATABASE_URL": "postgres://mainstay:word@db.example.org/mainstay",
}


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of their own."""
    clean = {name: value for name, value in os.environ.items() if name not in read.TABLE}
    environment = clean | {name: value for name, value in (GOOD | changes).items() if value}
    command = [sys.executable, "-c", "from config import settings; print(settings.DEBUG)"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_production_starts_when_everything_is_given():
    assert start().stdout.strip() == "False"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is empty"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too easy"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too easy"),
        ({"SECRET_KEY": "django-insecure-" + GOOD["SECRET_KEY"]}, "SECRET_KEY is a well-known one"),
        ({"DEBUG": "yes"}, "DEBUG is on in production"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is empty or has a wildcard"),
        ({"ALLOWED_HOSTS": ".example.org"}, "ALLOWED_HOSTS is empty or has a wildcard"),
        ({"ALLOWED_HOSTS": "other.example.org"}, "ALLOWED_HOSTS does not contain the host of BASE_URL"),
        ({"BASE_URL": "http://mainstay.example.org"}, "BASE_URL does not begin with https://"),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps', which is not yes or no"),
        ({"DATABASE_URL": "sqlite:///file"}, "DATABASE_URL is 'sqlite:///file'"),
        ({"DATABASE_KEEP": "-1"}, "DATABASE_KEEP is '-1'"),
        ({"MODE": "staging"}, "MODE is 'staging'"),
    ],
)
def test_an_unsafe_or_wrong_setting_is_named(changes, named):
    done = start(**changes)
    assert done.returncode != 0
    assert named in done.stderr


def test_an_operator_gets_one_sentence_and_no_traceback():
    environment = os.environ | {"WORKERS": "many"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr.strip() == "mainstay: WORKERS is 'many', which is not a whole number, 1 or more. Give digits only."
    )


def test_a_reader_gives_the_value_in_its_kind(monkeypatch):
    monkeypatch.setattr(read, "TABLE", {})
    monkeypatch.setenv("HOSTS_OF_TEST", "a.example, b.example,")
    monkeypatch.setenv("FLAG_OF_TEST", "On")
    assert read.words("HOSTS_OF_TEST", default=[], says="") == ["a.example", "b.example"]
    assert read.yes_no("FLAG_OF_TEST", default=False, says="") is True
    assert read.number("COUNT_OF_TEST", default=3, says="") == 3
    assert set(read.TABLE) == {"HOSTS_OF_TEST", "FLAG_OF_TEST", "COUNT_OF_TEST"}


def test_a_secret_never_reaches_the_table_of_settings():
    assert "SECRET_KEY" in read.TABLE
    assert "var/secret_key" in read.TABLE["SECRET_KEY"].default


def test_a_laptop_gets_a_secret_of_its_own_and_keeps_it(tmp_path):
    first = safety.secret("", production=False, kept_in=tmp_path / "secret")
    assert first == safety.secret("", production=False, kept_in=tmp_path / "secret")
    assert first != safety.secret("", production=False, kept_in=tmp_path / "other")
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://localhost", {"port": 25, "use_tls": False, "use_ssl": False}),
        ("smtp+tls://a%40b:w%2Frd@mail:2525", {"port": 2525, "use_tls": True, "username": "a@b", "password": "w/rd"}),
        ("smtps://mail", {"port": 465, "use_ssl": True}),
    ],
)
def test_the_address_of_a_mail_server_says_how_to_reach_it(url, expected, tmp_path):
    options = safety.mailer(url, tmp_path)["OPTIONS"]
    assert {name: options[name] for name in expected} == expected


def test_without_a_mail_server_mail_goes_into_files(tmp_path):
    assert safety.mailer("", tmp_path)["OPTIONS"] == {"file_path": str(tmp_path)}


def test_a_wrong_setting_says_its_name_first():
    assert str(WrongSetting("A", "is wrong", "Do this.")) == "A is wrong. Do this."
