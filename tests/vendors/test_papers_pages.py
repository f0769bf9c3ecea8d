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
    assert f"/compliance/papers/{waiting.pk}/review" in said(client.get("/compliance"))
    assert f"/compliance/papers/{waiting.pk}/verify" in said(client.get(f"/compliance/papers/{waiting.pk}/review"))
    assert f"/compliance/papers/{waiting.pk}/review" not in said(enter(cast.fm).get("/compliance"))
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


# One after the other


def test_papers_are_reviewed_in_line_the_longest_waiting_first(cast: Cast, enter: Enter) -> None:
    older, newer = (paper(cast, uploaded_at=NOW - timedelta(days=days), uploaded_by=cast.dispatcher) for days in (3, 1))
    own = paper(cast, uploaded_at=NOW - timedelta(days=9), uploaded_by=cast.admin)
    client = enter(cast.admin)
    assert client.get("/compliance/review")["Location"] == f"/compliance/papers/{older.pk}/review"
    page = said(client.get(f"/compliance/papers/{older.pk}/review"))
    assert "1 of 2 waiting" in page
    assert f'href="/compliance/papers/{newer.pk}/review" data-key="ArrowRight"' in page
    key = fresh_key()
    verified = client.post(f"/compliance/papers/{older.pk}/verify", {"operation": key})
    assert verified["Location"] == f"/compliance/papers/{newer.pk}/review"
    again = client.post(f"/compliance/papers/{older.pk}/verify", {"operation": key})
    assert again["Location"] == verified["Location"]  # the second press of a button is no fault
    reject = {"reason": "Blurred", "operation": fresh_key()}
    assert client.post(f"/compliance/papers/{newer.pk}/reject", reject)["Location"] == "/compliance"
    assert client.get("/compliance/review")["Location"] == "/compliance"
    assert "somebody else reviews it" in said(client.get(f"/compliance/papers/{own.pk}/review"))


def test_a_rejection_without_a_reason_comes_back_beside_the_paper(cast: Cast, enter: Enter) -> None:
    waiting = paper(cast)
    answer = enter(cast.admin).post(f"/compliance/papers/{waiting.pk}/reject", {"reason": ""})
    assert answer.status_code == 422
    assert "Pacific Mutual" in said(answer)
    assert enter(cast.admin).get(f"/compliance/papers/{waiting.pk}/reject").status_code == 302


def test_a_paper_that_ended_while_it_waited_is_refused_with_its_day(cast: Cast, enter: Enter) -> None:
    waiting = paper(cast, ends_on=date(2021, 1, 1))
    answer = enter(cast.admin).post(f"/compliance/papers/{waiting.pk}/verify", {"operation": fresh_key()})
    assert answer.status_code == 422
    assert "This paper ended on 1 Jan 2021. Ask for the new one." in said(answer)


def handed_in(client: Client, code: str, content: bytes, **facts: Any) -> ComplianceDocument:
    answers = {
        "kind": "auto", "starts_on": "2026-01-01", "ends_on": "2090-01-01", "limit_amount": "1000000",
        "operation": fresh_key(), "file": SimpleUploadedFile("auto.pdf", content, content_type="application/pdf"),
    }  # fmt: skip
    address = f"/vendors/{code}/papers/new" if code else "/company/documents"
    answer = client.post(address, answers | facts)
    assert answer.status_code == 302, said(answer)
    return ComplianceDocument.objects.latest("pk")


def test_a_certificate_of_another_vendor_is_told_to_the_reviewer_alone(cast: Cast, enter: Enter) -> None:
    assert cast.cascade and cast.summit
    vendor, rival, reviewer = enter(cast.dispatcher), enter(cast.rival), enter(cast.admin)
    first = handed_in(vendor, "", b"%PDF-1.4\n1\n%%EOF\n", reference="GL 55-123", issuer="Quokka Mutual")
    same_file = handed_in(rival, "", b"%PDF-1.4\n1\n%%EOF\n", reference="OTHER-1")
    same_number = handed_in(rival, "", b"%PDF-1.4\n2\n%%EOF\n", reference="gl55123")
    told = "Cascade Refrigeration handed in"
    assert f"{told} the same file" in said(reviewer.get(f"/compliance/papers/{same_file.pk}/review"))
    assert f"{told} a paper with the same number" in said(reviewer.get(f"/compliance/papers/{same_number.pk}/review"))
    assert "Summit Mechanical handed in" in said(reviewer.get(f"/compliance/papers/{first.pk}/review"))
    page = said(rival.get("/company"))
    assert "Cascade" not in page
    assert "Quokka" not in page
    assert "Summit" not in said(vendor.get("/company"))
    assert "handed in the same" not in said(enter(cast.fm).get(f"/vendors/{cast.summit.code}/documents"))


def test_an_own_paper_sent_twice_and_a_short_number_are_no_others(cast: Cast, enter: Enter) -> None:
    vendor, rival, reviewer = enter(cast.dispatcher), enter(cast.rival), enter(cast.admin)
    handed_in(vendor, "", b"%PDF-1.4\n1\n%%EOF\n", reference="1234567")
    again = handed_in(vendor, "", b"%PDF-1.4\n1\n%%EOF\n", reference="1234567")
    assert reviewer.get(f"/compliance/papers/{again.pk}/review").context["twins"] == []
    handed_in(vendor, "", b"%PDF-1.4\n3\n%%EOF\n", reference="7")
    short = handed_in(rival, "", b"%PDF-1.4\n4\n%%EOF\n", reference="7")
    assert reviewer.get(f"/compliance/papers/{short.pk}/review").context["twins"] == []


def test_an_expiry_before_its_start_is_refused_and_nothing_is_lost(cast: Cast, enter: Enter) -> None:
    answers = {
        "kind": "auto", "starts_on": "2026-07-01", "ends_on": "2026-06-01", "limit_amount": "1000000",
        "reference": "GL-9", "operation": fresh_key(),
        "file": SimpleUploadedFile("auto.pdf", b"%PDF-1.4\n%%EOF\n", content_type="application/pdf"),
    }  # fmt: skip
    for client, address, form in (
        (enter(cast.dispatcher), "/company/documents", "document_form"),
        (enter(cast.admin), f"/vendors/{cast.cascade.code}/papers/new", "form"),
    ):
        answers["file"].seek(0)
        answer = client.post(address, answers)
        assert answer.status_code == 422
        assert answer.context[form].errors["ends_on"] == ["The paper ends before it starts."]
        assert answer.context[form]["reference"].value() == "GL-9"


def test_a_pdf_is_looked_at_beside_its_fields_and_runs_nothing(cast: Cast, enter: Enter) -> None:
    waiting = handed_in(enter(cast.dispatcher), "", b"%PDF-1.4\n%%EOF\n")
    client = enter(cast.admin)
    assert f'<iframe class="view" src="/compliance/papers/{waiting.pk}?look"' in said(
        client.get(f"/compliance/papers/{waiting.pk}/review")
    )
    looked = client.get(f"/compliance/papers/{waiting.pk}?look")
    assert "inline" in looked["Content-Disposition"]
    assert "default-src 'none'" in looked["Content-Security-Policy"]
    looked.close()


def test_the_review_asks_little(cast: Cast, enter: Enter, django_assert_max_num_queries: Any) -> None:
    waiting, client = paper(cast, reference="GL-5512"), enter(cast.admin)
    client.get(f"/compliance/papers/{waiting.pk}/review")
    with django_assert_max_num_queries(8):
        client.get(f"/compliance/papers/{waiting.pk}/review")
