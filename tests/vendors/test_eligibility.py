"""Who may be sent, and if not, why not."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accounts.together import ask
from assets.models import Priority
from tests.factories.assets import RegionFactory, SiteFactory
from tests.factories.clock import NOW
from tests.factories.vendors import RateCardFactory, VendorFactory
from vendors.eligibility import Assessment, consider_vendors, distance_km
from vendors.models import (
    ComplianceDocument,
    Coverage,
    DocumentKind,
    DocumentState,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Standing,
    Vendor,
    VendorHours,
    VendorKind,
)
from vendors.papers import folder_of

TODAY = date(2026, 7, 14)
INSURANCE = DocumentKind.GENERAL_LIABILITY


def of(vendor, cast, *, priority=Priority.P3, on=TODAY, site=None, **facts) -> Assessment:
    assessments = consider_vendors(
        site=site or cast.hilltop, trade=cast.refrigeration, priority=priority, on=on, **facts
    )
    return next(assessment for assessment in assessments if assessment.vendor == vendor)


def why_not(vendor, cast, **facts) -> dict[str, str]:
    return {check.name: check.sentence for check in of(vendor, cast, **facts).failed}


def paper(vendor, kind=INSURANCE, **facts) -> ComplianceDocument:
    usual = {"state": DocumentState.VERIFIED, "starts_on": date(2026, 1, 1), "limit_amount": Decimal(1_000_000)}
    return ComplianceDocument.objects.create(
        vendor=vendor, kind=kind, uploaded_at=NOW, reviewed_at=NOW, **usual | facts
    )


def test_a_vendor_that_does_everything_right_passes_every_check(cast):
    assessment = of(cast.cascade, cast)
    assert assessment.eligible
    assert [check.name for check in assessment.checks] == [
        "active", "trade", "coverage", "documents", "limits", "rate_card", "capacity", "emergency", "not_barred",
    ]  # fmt: skip
    assert assessment.rate_card == RateCard.objects.get(vendor=cast.cascade, trade=cast.refrigeration)
    assert assessment.rate_card.labor_regular_amount == Decimal("95.00")


def test_only_vendors_of_the_trade_are_considered_and_those_asked_for(cast):
    other = VendorFactory(name="Sign Makers", regions=[cast.north])
    assert cast.cascade.pk and cast.summit.pk
    names = [a.vendor.name for a in consider_vendors(site=cast.hilltop, trade=cast.plumbing, priority=3, on=TODAY)]
    assert names == ["Cascade Refrigeration", "Summit Mechanical"]
    assert why_not(other, cast, also=[other.pk])["trade"] == "Does not work in Refrigeration."


@pytest.mark.parametrize("standing", list(Standing))
def test_only_vendors_on_trial_approved_or_preferred_are_active(cast, standing):
    Vendor.objects.filter(pk=cast.cascade.pk).update(standing=standing)
    active = standing in {"trial", "approved", "preferred"}
    assert of(cast.cascade, cast).eligible is active
    assert ("active" in why_not(cast.cascade, cast)) is not active


def test_a_barred_vendor_is_out_with_the_reason(cast):
    Vendor.objects.filter(pk=cast.cascade.pk).update(
        do_not_dispatch_since_at=NOW, do_not_dispatch_reason="Unpaid permit fines."
    )
    assert why_not(cast.cascade, cast) == {"not_barred": "Do not dispatch: Unpaid permit fines."}


class TestCoverage:
    def test_a_region_covers_the_sites_below_it_and_no_others(self, cast):
        district = RegionFactory(code="D1", name="Tacoma district", parent=cast.north)
        below = SiteFactory(code="M-300", region=district)
        local = VendorFactory(name="Local", trades=[cast.refrigeration], regions=[district])
        assert of(cast.cascade, cast, site=below).eligible
        assert of(local, cast, site=below).eligible
        assert why_not(local, cast) == {"coverage": "Does not cover M-114."}

    def test_a_site_left_out_is_left_out_though_its_region_is_covered(self, cast):
        Coverage.objects.create(vendor=cast.cascade, trade=cast.refrigeration, site=cast.hilltop, is_excluded=True)
        assert why_not(cast.cascade, cast) == {"coverage": "Leaves out M-114."}
        assert of(cast.cascade, cast, site=cast.harbor).eligible

    def test_coverage_of_one_trade_is_none_of_another(self, cast):
        Coverage.objects.filter(vendor=cast.cascade, trade=cast.refrigeration).delete()
        assert why_not(cast.cascade, cast) == {"coverage": "Does not cover M-114."}

    def test_a_radius_reaches_as_far_as_it_says(self, cast):
        # Seattle's city hall, about 40 km from the site in Tacoma.
        near = VendorFactory(
            name="Near", trades=[cast.refrigeration], latitude=Decimal("47.604000"), longitude=Decimal("-122.330000")
        )
        row = Coverage.objects.create(vendor=near, trade=cast.refrigeration, radius_km=39)
        assert why_not(near, cast) == {"coverage": "M-114 is 24.8 mi away, beyond its 24.2 mi."}
        row.radius_km = 40
        row.save()
        assert of(near, cast).eligible

    def test_a_vendor_abroad_is_told_in_its_own_unit(self, cast):
        north = VendorFactory(
            name="Fraser", country="CA", trades=[cast.refrigeration], latitude=Decimal("47.604"),
            longitude=Decimal("-122.33"),
        )  # fmt: skip
        Coverage.objects.create(vendor=north, trade=cast.refrigeration, radius_km=39)
        assert why_not(north, cast) == {"coverage": "M-114 is 40.0 km away, beyond its 39 km."}

    def test_a_radius_without_a_base_covers_nothing(self, cast):
        nowhere = VendorFactory(name="Nowhere", trades=[cast.refrigeration])
        Coverage.objects.create(vendor=nowhere, trade=cast.refrigeration, radius_km=500)
        assert "is not known" in why_not(nowhere, cast)["coverage"]

    def test_the_nearest_place_with_a_rank_decides_the_rank(self, cast):
        def rank():
            return of(cast.cascade, cast).rank

        assert rank() is None
        Coverage.objects.create(vendor=cast.cascade, trade=cast.refrigeration, region=cast.company, rank=7)
        assert rank() == 7
        Coverage.objects.filter(vendor=cast.cascade, region=cast.north).update(rank=3)
        assert rank() == 3
        Coverage.objects.create(vendor=cast.cascade, trade=cast.refrigeration, site=cast.hilltop, rank=1)
        assert rank() == 1


class TestPapers:
    @pytest.fixture(autouse=True)
    def insured(self, cast):
        Requirement.objects.create(kind=INSURANCE, minimum_limit_amount=Decimal(1_000_000))

    def test_a_missing_paper_keeps_a_vendor_out(self, cast):
        assert why_not(cast.cascade, cast) == {"documents": "General liability insurance is missing."}

    def test_a_verified_paper_lets_it_in_through_its_last_day(self, cast):
        paper(cast.cascade, ends_on=TODAY)
        assert of(cast.cascade, cast).eligible
        tomorrow = TODAY + timedelta(days=1)
        assert why_not(cast.cascade, cast, on=tomorrow) == {
            "documents": "General liability insurance ends on 14 Jul 2026."
        }

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"state": "pending"}, "General liability insurance waits for review."),
            ({"state": "rejected", "rejected_because": "Blurred"}, "General liability insurance was rejected."),
            ({"state": "expired", "ends_on": date(2026, 7, 1)}, "General liability insurance ends on 1 Jul 2026."),
            ({"starts_on": date(2026, 8, 1)}, "General liability insurance starts on 1 Aug 2026."),
        ],
    )
    def test_a_paper_that_does_not_count_says_why(self, cast, facts, sentence):
        paper(cast.cascade, **facts)
        assert why_not(cast.cascade, cast) == {"documents": sentence}

    def test_a_limit_that_is_too_low_keeps_it_out(self, cast):
        paper(cast.cascade, limit_amount=Decimal(500_000))
        assert why_not(cast.cascade, cast) == {
            "limits": "General liability insurance covers $500,000.00, $1,000,000.00 is needed."
        }

    def test_what_only_warns_does_not_keep_it_out(self, cast):
        paper(cast.cascade)
        Requirement.objects.create(kind=DocumentKind.UMBRELLA, blocks=False)
        assessment = of(cast.cascade, cast)
        assert assessment.eligible
        assert [check.sentence for check in assessment.failed] == ["Umbrella insurance is missing."]

    def test_what_another_trade_or_region_needs_is_not_asked_here(self, cast):
        paper(cast.cascade)
        Requirement.objects.create(kind=DocumentKind.LICENSE, trade=cast.plumbing)
        Requirement.objects.create(kind=DocumentKind.AUTO, region=cast.south)
        assert of(cast.cascade, cast).eligible
        assert "documents" in why_not(cast.cascade, cast, site=cast.desert)

    def test_a_license_counts_in_its_own_state(self, cast):
        paper(cast.cascade)
        Requirement.objects.create(kind=DocumentKind.LICENSE)
        held = paper(cast.cascade, DocumentKind.LICENSE, jurisdiction="OR")
        assert why_not(cast.cascade, cast) == {"documents": "License is for OR, not for WA."}
        held.jurisdiction = "wa"
        held.save()
        assert of(cast.cascade, cast).eligible

    def test_our_own_crews_need_only_what_is_asked_of_them(self, cast):
        crew = VendorFactory(name="Crew", kind=VendorKind.INTERNAL, trades=[cast.refrigeration], regions=[cast.north])
        assert of(crew, cast).eligible
        Requirement.objects.update(applies_to_internal=True)
        assert "documents" in why_not(crew, cast)

    def test_in_hindsight_a_paper_that_expired_since_was_good_on_the_day(self, cast):
        paper(cast.cascade, state=DocumentState.EXPIRED, ends_on=date(2026, 7, 1))

        def good(**facts):
            folder = ask(folder_of(cast.cascade, cast.hilltop, cast.refrigeration))
            return all(check.passed for check in folder.checks(**facts))

        assert good(on=date(2026, 7, 1), in_hindsight=True)
        assert not good(on=date(2026, 7, 1))
        assert not good(on=date(2026, 7, 2), in_hindsight=True)


def test_rates_must_be_in_force_on_the_day_and_in_the_currency_of_the_site(cast):
    card = RateCard.objects.get(vendor=cast.cascade, trade=cast.refrigeration)
    card.ends_on = TODAY
    card.save()
    assert why_not(cast.cascade, cast) == {"rate_card": "No rate card for Refrigeration on 14 Jul 2026."}
    assert of(cast.cascade, cast, on=TODAY - timedelta(days=1)).eligible
    RateCardFactory(vendor=cast.cascade, trade=cast.refrigeration, starts_on=TODAY, currency="CAD")
    assert why_not(cast.cascade, cast) == {"rate_card": "Charges in CAD, the site pays in USD."}


def test_a_full_vendor_is_out_and_one_without_a_limit_never_is(cast):
    assert of(cast.cascade, cast, open_jobs={cast.cascade.pk: 400}).eligible
    Vendor.objects.filter(pk=cast.cascade.pk).update(capacity_open_jobs=3)
    assert of(cast.cascade, cast, open_jobs={cast.cascade.pk: 2}).eligible
    assert why_not(cast.cascade, cast, open_jobs={cast.cascade.pk: 3}) == {"capacity": "3 of 3 open jobs."}


def test_an_emergency_needs_a_vendor_that_takes_emergencies(cast):
    assert why_not(cast.cascade, cast, priority=Priority.P1) == {"emergency": "Does not take emergencies."}
    Vendor.objects.filter(pk=cast.cascade.pk).update(takes_emergencies=True)
    assert of(cast.cascade, cast, priority=Priority.P1).eligible


def test_an_emergency_in_office_hours_needs_nobody_who_answers_at_night(cast):
    VendorHours.objects.create(vendor=cast.cascade, weekday=1, opens_minute=420, closes_minute=720)
    noon = NOW.replace(tzinfo=None).replace(tzinfo=ZoneInfo(cast.cascade.time_zone), hour=12)
    before = noon - timedelta(seconds=1)
    assert of(cast.cascade, cast, priority=Priority.P1, at=before).eligible
    assert list(why_not(cast.cascade, cast, priority=Priority.P1, at=noon)) == ["emergency"]
    assert list(why_not(cast.cascade, cast, priority=Priority.P1)) == ["emergency"], "at an hour that nobody knows"
    assert of(cast.cascade, cast, priority=Priority.P2, at=noon).eligible


def test_what_a_warranty_names_goes_without_trade_coverage_or_rates_but_not_when_barred(cast):
    maker = VendorFactory(name="Maker")
    assessment = of(maker, cast, binding=[maker.pk])
    assert assessment.eligible
    assert [check.name for check in assessment.failed] == ["trade", "coverage", "rate_card"]
    Vendor.objects.filter(pk=maker.pk).update(standing=Standing.SUSPENDED)
    assert not of(maker, cast, binding=[maker.pk]).eligible


def test_the_agreed_time_to_arrive_of_the_trade_goes_before_the_one_of_all_trades(cast):
    def agreed():
        return of(cast.cascade, cast).arrival_minutes

    assert agreed() is None
    NegotiatedTarget.objects.create(vendor=cast.cascade, priority=3, arrival_minutes=600)
    NegotiatedTarget.objects.create(vendor=cast.cascade, priority=2, arrival_minutes=60)
    assert agreed() == 600
    NegotiatedTarget.objects.create(vendor=cast.cascade, trade=cast.refrigeration, priority=3, arrival_minutes=480)
    assert agreed() == 480


def test_distances_are_those_of_the_globe():
    assert distance_km(0, 0, 0, 0) == 0
    assert distance_km(0, 0, 0, 180) == pytest.approx(20015.1, abs=0.1)
    assert distance_km(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(343.6, abs=0.3)  # London, Paris


def test_two_queries_whatever_the_number_of_vendors(cast, django_assert_num_queries):
    Requirement.objects.create(kind=INSURANCE)
    site = cast.hilltop
    site.region.ancestor_ids()
    for number in range(30):
        paper(VendorFactory(name=f"Vendor {number:02}", trades=[cast.refrigeration], regions=[cast.north]))
    with django_assert_num_queries(2):
        found = consider_vendors(site=site, trade=cast.refrigeration, priority=3, on=TODAY)
    assert len(found) == 30
    assert all(assessment.eligible for assessment in found)
