"""Compliance at the desk: reviewing papers, once, and not one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.clock import NOW
from vendors.models import ComplianceDocument

type Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return str(response.content.decode())


def paper(cast: Cast, **facts: Any) -> ComplianceDocument:
    return ComplianceDocument.objects.create(
        **{
            "vendor": cast.cascade, "kind": "auto", "issuer": "Pacific Mutual", "starts_on": date(2020, 1, 1),
            "ends_on": date(2090, 1, 1), "uploaded_at": NOW, "uploaded_by": cast.dispatcher,
        } | facts
    )  # fmt: skip


def test_a_waiting_paper_is_verified_once(cast: Cast, enter: Enter) -> None:
    waiting, client = paper(cast), enter(cast.admin)
    assert f"/compliance/papers/{waiting.pk}/verify" in said(client.get("/compliance"))
    assert f"/compliance/papers/{waiting.pk}/verify" not in said(enter(cast.fm).get("/compliance"))
    assert enter(cast.fm).post(f"/compliance/papers/{waiting.pk}/verify").status_code == 403
    assert client.post(f"/compliance/papers/{waiting.pk}/verify").status_code == 302
    assert client.post(f"/compliance/papers/{waiting.pk}/verify").status_code == 409
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reviewed_by) == ("verified", cast.admin)


def test_a_paper_is_sent_back_with_a_reason(cast: Cast, enter: Enter) -> None:
    waiting, client = paper(cast), enter(cast.admin)
    address = f"/compliance/papers/{waiting.pk}/reject"
    assert client.post(address, {"reason": "", "operation": fresh_key()}).status_code == 422
    assert client.post(address, {"reason": "The limit is missing", "operation": fresh_key()}).status_code == 302
    assert client.post(address, {"reason": "Again", "operation": fresh_key()}).status_code == 409
    assert "The limit is missing" in said(client.get(f"/vendors/{cast.cascade.code}/documents"))


def test_whoever_hands_a_paper_in_does_not_review_it(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    answers = {
        "kind": "tax_form", "starts_on": "2026-01-01", "operation": fresh_key(),
        "file": SimpleUploadedFile("w9.pdf", b"%PDF-1.4\n%%EOF\n", content_type="application/pdf"),
    }  # fmt: skip
    assert client.post(f"/vendors/{cast.cascade.code}/papers/new", answers).status_code == 302
    made = ComplianceDocument.objects.get(vendor=cast.cascade)
    assert client.post(f"/compliance/papers/{made.pk}/verify").status_code == 403
    assert enter(cast.second_admin).post(f"/compliance/papers/{made.pk}/verify").status_code == 302
    assert enter(cast.dispatcher).get(f"/compliance/papers/{made.pk}").status_code == 403
    file = enter(cast.auditor).get(f"/compliance/papers/{made.pk}")
    assert b"".join(file.streaming_content).startswith(b"%PDF")
    file.close()


def test_a_paper_that_is_over_is_named_and_the_rest_stands_by_its_end(cast: Cast, enter: Enter) -> None:
    paper(cast, state="expired", ends_on=date(2021, 1, 1))
    later = paper(cast, vendor=cast.summit, state="verified", reviewed_at=NOW, ends_on=date(2085, 1, 1))
    answer = enter(cast.fm).get("/compliance")
    assert [vendor for vendor, _ in answer.context["lapsed"]] == [cast.cascade]
    assert [line[0].ends_on for line in answer.context["lines"]] == [date(2021, 1, 1), later.ends_on]


def test_the_page_asks_as_much_for_many_papers_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    paper(cast)
    client = enter(cast.admin)
    client.get("/compliance")
    with django_assert_max_num_queries(8) as one:
        client.get("/compliance")
    for days in range(55):
        paper(cast, ends_on=date(2050, 1, 1) + timedelta(days=days))
    with django_assert_max_num_queries(len(one)):
        assert 'rel="next"' in said(client.get("/compliance"))
