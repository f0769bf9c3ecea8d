"""The two health pages, the ids of requests, and pages that no browser keeps."""

import json
import logging

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.trace import request_id
from config.logs import JsonFormatter
from config.models import Heartbeat


def test_a_living_process_says_so_without_the_database(client):
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_an_installation_without_a_worker_serves_pages_but_says_what_is_missing(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["workers"]) == (200, "degraded", 0)


@pytest.mark.django_db
def test_an_installation_with_a_worker_is_ready(client):
    Heartbeat.objects.create(worker="a:1", started_at=timezone.now(), beat_at=timezone.now())
    answer = client.get("/health/ready").json()
    assert (answer["status"], answer["database"], answer["missing_migrations"]) == ("ready", True, [])


def test_without_a_database_it_is_unavailable(client, monkeypatch):
    def away() -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "ensure_connection", away)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


@pytest.mark.django_db
def test_a_missing_migration_makes_it_unavailable(client, monkeypatch):
    monkeypatch.setattr("config.health._missing_migrations", lambda: ("accounts.0009_new",))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["missing_migrations"]) == (503, ["accounts.0009_new"])


def test_a_health_page_is_only_read(client):
    assert client.post("/health/live").status_code == 405


@pytest.mark.parametrize(
    ("given", "kept"), [("abcdef-0123456789", True), ("short", False), ("with spaces in it", False)]
)
def test_a_request_keeps_a_proper_id_and_gets_one_otherwise(client, given, kept):
    answer = client.get("/health/live", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is kept
    assert len(answer["X-Request-ID"]) >= 8


@pytest.mark.django_db
def test_pages_that_read_the_session_are_not_stored(client):
    assert client.get("/accounts/login/")["Cache-Control"].startswith(("private, no-store", "max-age=0, no-cache"))


def test_a_policy_goes_with_every_page(client):
    policy = client.get("/health/live")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_log_line_is_one_object_with_the_id_of_its_request():
    record = logging.makeLogRecord({"msg": "sent %d", "args": (3,), "levelname": "INFO", "name": "here", "notice": 7})
    token = request_id.set("abc")
    try:
        line = json.loads(JsonFormatter().format(record))
    finally:
        request_id.reset(token)
    expected = {"level": "info", "logger": "here", "says": "sent 3", "request_id": "abc", "notice": 7}
    assert {name: line[name] for name in expected} == expected
