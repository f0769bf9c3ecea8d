"""Papers: handed in, looked at, reminded of, ended; and the vendor that leaves the pool and comes back by itself."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import outbox
from accounts.ledger import broken_links
from accounts.models import LogEvent, Notice
from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import Story, photo
from vendors import compliance
from vendors.compliance import Faulty, NotWaiting, NotYours
from vendors.eligibility import consider_vendors
from vendors.models import ComplianceDocument, DocumentKind, DocumentState, Requirement

INSURANCE = DocumentKind.GENERAL_LIABILITY
TODAY = date(2026, 7, 14)


def hand_in(cast, **facts) -> ComplianceDocument:
    usual = {
        "vendor": cast.cascade, "by": cast.dispatcher, "now": NOW, "kind": INSURANCE, "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31), "limit_amount": Decimal(2_000_000), "file": photo("policy.jpg"),
    }  # fmt: skip
    return compliance.upload(**usual | facts)


def verified(cast, **facts) -> ComplianceDocument:
    return compliance.verify(hand_in(cast, **facts), by=cast.admin, now=NOW)


def eligible(cast, on=TODAY) -> bool:
    cascade = cast.cascade
    found = consider_vendors(site=cast.hilltop, trade=cast.refrigeration, priority=3, on=on)
    return next(one for one in found if one.vendor == cascade).eligible


def verbs() -> list[str]:
    return list(LogEvent.objects.filter(verb__startswith="document.").order_by("pk").values_list("verb", flat=True))


def test_a_paper_counts_from_the_moment_somebody_verified_it(cast):
    Requirement.objects.create(kind=INSURANCE)
    assert not eligible(cast)
    waiting = hand_in(cast)
    assert waiting.state == DocumentState.PENDING
    assert not eligible(cast)
    compliance.verify(waiting, by=cast.admin, now=NOW)
    assert eligible(cast)
    assert verbs() == ["document.uploaded", "document.verified"]


def test_a_rejected_paper_says_why(cast):
    rejected = compliance.reject(hand_in(cast), by=cast.admin, now=NOW, reason="The name is another company's.")
    assert rejected.rejected_because == "The name is another company's."
    with pytest.raises(NotWaiting):
        compliance.verify(rejected, by=cast.admin, now=NOW)
    with pytest.raises(Faulty):
        compliance.reject(hand_in(cast), by=cast.admin, now=NOW, reason=" ")


@pytest.mark.parametrize("who", ["rival", "technician", "store", "fm", "stranger"])
def test_others_hand_in_nothing_for_a_company(cast, who):
    with pytest.raises(NotYours):
        hand_in(cast, by=getattr(cast, who))


@pytest.mark.parametrize("who", ["dispatcher", "fm", "finance", "stranger"])
def test_only_administrators_review(cast, who):
    with pytest.raises(NotYours):
        compliance.verify(hand_in(cast), by=getattr(cast, who), now=NOW)


def test_nobody_reviews_the_own_paper(cast):
    with pytest.raises(NotYours):
        compliance.verify(hand_in(cast, by=cast.admin), by=cast.admin, now=NOW)
    compliance.verify(ComplianceDocument.objects.get(), by=cast.second_admin, now=NOW)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"kind": "poem"}, "kind"),
        ({"ends_on": date(2025, 12, 31)}, "ends_on"),
        ({"ends_on": date(2026, 7, 13)}, "ends_on"),
        ({"ends_on": None}, "ends_on"),
        ({"limit_amount": None}, "limit_amount"),
        ({"limit_amount": Decimal(-1)}, "limit_amount"),
        ({"file": None}, "file"),
    ],
)
def test_what_makes_no_sense_is_named_beside_its_field(cast, facts, field):
    with pytest.raises(Faulty) as caught:
        hand_in(cast, **facts)
    assert set(caught.value.faults) == {field}
    assert not ComplianceDocument.objects.exists()


def test_a_file_of_the_wrong_kind_leaves_nothing(cast):
    with pytest.raises(Exception, match="script"):
        hand_in(cast, file=SimpleUploadedFile("script.html", b"<script>1</script>"))
    assert not ComplianceDocument.objects.exists()


def test_a_paper_ends_by_itself_on_the_day_after_its_last_and_the_vendor_leaves_the_pool(cast):
    Requirement.objects.create(kind=INSURANCE)
    paper = verified(cast, ends_on=TODAY)
    # 23:59 in the vendor's zone on its last day; then midnight.
    assert compliance.sweep_documents(now=datetime(2026, 7, 15, 6, 59, tzinfo=UTC)) == 1
    assert eligible(cast)
    assert compliance.sweep_documents(now=datetime(2026, 7, 15, 7, 0, tzinfo=UTC)) == 1
    paper.refresh_from_db()
    assert paper.state == DocumentState.EXPIRED
    assert not eligible(cast, TODAY + timedelta(days=1))
    assert verbs()[2:] == ["document.reminded", "document.expired"]
    compliance.verify(
        hand_in(cast, starts_on=TODAY, ends_on=date(2027, 7, 14)), by=cast.admin, now=NOW + timedelta(days=2)
    )
    assert eligible(cast, TODAY + timedelta(days=1))


def test_reminders_come_at_their_steps_once_each(cast):
    verified(cast, ends_on=TODAY + timedelta(days=61))
    said = []
    for day in range(64):
        for _ in range(2):
            compliance.sweep_documents(now=NOW + timedelta(days=day))
        new = LogEvent.objects.filter(verb__in=["document.reminded", "document.expired"]).count()
        said += [day] * (new - len(said))
    assert [61 - day for day in said] == [60, 45, 30, 14, 7, 1, -1]


def test_after_a_silence_only_the_step_that_is_due_is_said(cast):
    verified(cast, ends_on=TODAY + timedelta(days=61))
    assert compliance.sweep_documents(now=NOW + timedelta(days=50)) == 1  # 11 days left
    event = LogEvent.objects.get(verb="document.reminded")
    assert event.data["days"] == 11
    assert compliance.sweep_documents(now=NOW + timedelta(days=50)) == 0


def test_a_paper_that_is_replaced_is_not_reminded_of(cast):
    verified(cast, ends_on=TODAY + timedelta(days=20))
    verified(cast, ends_on=TODAY + timedelta(days=400))
    compliance.sweep_documents(now=NOW)
    assert "document.reminded" not in verbs()


def test_open_jobs_say_once_that_their_vendor_may_not_go(cast):
    Requirement.objects.create(kind=INSURANCE)
    verified(cast, ends_on=TODAY)
    story = Story(cast).scheduled()
    later = NOW + timedelta(days=1)
    compliance.sweep_documents(now=later)
    for _ in range(2):
        outbox.settle(now=later, ledgers=outbox.ledgers())
    flags = story.work_order.events.filter(verb="vendor.lapsed")
    assert [event.data["sentences"] for event in flags] == [["General liability insurance ends on 14 Jul 2026."]]
    told = Notice.objects.filter(topic="papers", event_key__endswith=str(LogEvent.objects.latest("pk").pk))
    assert set(told.values_list("reader__name", flat=True)) == {"Dex Dispatcher", "Ada Admin"}


def test_a_paper_of_one_trade_is_not_replaced_by_one_of_another_or_of_another_state(cast):
    ending = {"state": "verified", "reviewed_at": NOW, "uploaded_at": NOW, "starts_on": date(2026, 1, 1)}
    kinds = {"vendor": cast.cascade, "kind": DocumentKind.LICENSE}
    ends = date(2026, 7, 20)
    mine = ComplianceDocument.objects.create(**ending, **kinds, ends_on=ends, trade=cast.plumbing, jurisdiction="WA")
    for other in (
        {"trade": cast.refrigeration, "jurisdiction": "WA"}, {"trade": cast.plumbing, "jurisdiction": "AZ"},
        {"trade": None, "jurisdiction": "WA"},
    ):  # fmt: skip
        ComplianceDocument.objects.create(**ending, **kinds, ends_on=date(2090, 1, 1), **other)
    assert compliance.sweep_documents(now=NOW) == 1
    assert LogEvent.objects.filter(verb="document.reminded").count() == 1
    ComplianceDocument.objects.filter(pk=mine.pk).update(reminded_days=None)
    ComplianceDocument.objects.create(**ending, **kinds, ends_on=None, trade=cast.plumbing, jurisdiction="WA")
    assert compliance.sweep_documents(now=NOW) == 1
    assert LogEvent.objects.filter(verb="document.reminded").count() == 1


def test_the_sweep_asks_as_much_for_many_papers_as_for_one(cast, django_assert_max_num_queries):
    def papers(number, ends_on):
        ComplianceDocument.objects.bulk_create(
            ComplianceDocument(
                vendor=VendorFactory(), kind="auto", state="verified", uploaded_at=NOW, reviewed_at=NOW,
                starts_on=date(2026, 1, 1), ends_on=ends_on,
            )
            for _ in range(number)
        )  # fmt: skip

    papers(1, date(2026, 7, 1))
    papers(1, date(2026, 7, 20))
    with django_assert_max_num_queries(9) as one:
        assert compliance.sweep_documents(now=NOW) == 2
    papers(30, date(2026, 7, 1))
    papers(30, date(2026, 7, 20))
    with django_assert_max_num_queries(len(one)):
        assert compliance.sweep_documents(now=NOW) == 60
    assert compliance.sweep_documents(now=NOW) == 0
    assert list(broken_links("accounts_logevent", "stream")) == []
