"""What follows a fact about a vendor's papers: its own people are told, and ours where they must act."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from accounts import notices
from accounts.models import LogEvent, Membership, Role, User
from accounts.outbox import Ledger
from vendors.models import Decision, DocumentKind, Vendor
from vendors.papers import PAPERS, local_day
from vendors.staffing import dispatchers

T_ONBOARDING = notices.topic("onboarding", "Vendors that introduce themselves", group="Vendors")
T_PAPERS = notices.topic("papers", "Compliance documents", group="Vendors")
T_SCORE = notices.topic("score", "Scores and trials", group="Vendors")
T_RATES = notices.topic("rates", "A vendor asks for other rates", group="Vendors")


def _told(
    event: Any, now: datetime, *, readers: list[User | str], subject: str, body: str, path: str,
    topic: notices.Topic = T_PAPERS, action: str = "Open the papers",
) -> None:  # fmt: skip
    notices.plan(
        event_key=notices.key_of(event), topic=topic, readers=readers, subject=subject, body=body, path=path,
        action=action, now=now,
    )  # fmt: skip


def _paper(event: Any) -> tuple[Vendor, str, str]:
    """The vendor, the paper's name, and its last good day in words."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    ends = event.data.get("ends")
    return vendor, PAPERS[DocumentKind(event.data["kind"])], local_day(date.fromisoformat(ends)) if ends else ""


def administrators(now: datetime) -> list[User | str]:
    """Whoever reviews papers on our side."""
    held = Membership.objects.current(now).filter(role=Role.ADMINISTRATOR)
    return list(User.objects.filter(memberships__in=held, is_active=True).distinct().order_by("pk"))


def uploaded(event: Any, now: datetime) -> None:
    """An administrator has a paper to look at."""
    vendor, paper, _ = _paper(event)
    _told(
        event, now, readers=administrators(now), subject=f"{vendor.name} sent its {paper}",
        body=f"{vendor.name} sent its {paper}.\n\nLook at it and verify or reject it.",
        path=f"/compliance/papers/{event.data['document']}/review",
    )  # fmt: skip


def rejected(event: Any, now: datetime) -> None:
    """The company knows which of its papers was not accepted, and why."""
    vendor, paper, _ = _paper(event)
    _told(
        event, now, readers=dispatchers(vendor, now), subject=f"Your {paper} was not accepted",
        body=f"Your {paper} was not accepted: {event.note}\n\nSend a corrected one.", path="/company",
    )  # fmt: skip


def reminded(event: Any, now: datetime) -> None:
    """The company knows in time which of its papers ends."""
    vendor, paper, ends = _paper(event)
    _told(
        event, now, readers=dispatchers(vendor, now), subject=f"Your {paper} ends on {ends}",
        body=f"Your {paper} ends on {ends}.\n\nSend the new one in time to keep getting jobs.", path="/company",
    )  # fmt: skip


def expired(event: Any, now: datetime) -> None:
    """The company and our administrators know that a paper has ended, and what follows from that."""
    vendor, paper, ends = _paper(event)
    _told(
        event, now, readers=dispatchers(vendor, now), subject=f"Your {paper} has ended",
        body=f"Your {paper} ended on {ends}.\n\nWhere it is needed you get no new jobs until a new one is verified.",
        path="/company",
    )  # fmt: skip
    _told(
        event, now, readers=administrators(now), subject=f"The {paper} of {vendor.name} has ended",
        body=f"The {paper} of {vendor.name} ended on {ends}.\n\nWhere it is needed the vendor gets no new jobs.",
        path=f"/vendors/{vendor.code}/documents",
    )  # fmt: skip


TRIAL_OVER = {
    "approve": ("You are approved", "Your trial is over: from now on you are offered jobs like any other vendor."),
    "extend": ("Your trial goes on", "Your trial goes on, to {jobs} jobs in all."),
    "stop": ("Your trial has ended", "Your trial is over, and you are offered no more jobs. Finish what you have."),
}


def trial_decided(event: Any, now: datetime) -> None:
    """The company knows what came of its trial, and why."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    subject, body = TRIAL_OVER[event.data["verdict"]]
    notices.plan(
        event_key=notices.key_of(event), topic=T_SCORE, readers=dispatchers(vendor, now), subject=subject,
        body=f"{body.format(jobs=event.data['jobs'])}\n\n{event.note}", path="/company/score",
        action="Open the score", now=now,
    )  # fmt: skip


def introduced(event: Any, now: datetime) -> None:
    """An administrator has a company to decide about."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    _told(
        event, now, readers=administrators(now), subject=f"{vendor.name} sent its profile", topic=T_ONBOARDING,
        body=f"{vendor.name} has introduced itself.\n\nLook at it and decide.",
        path=f"/vendors/{vendor.code}/introduction", action="Open the profile",
    )  # fmt: skip


def given_back(event: Any, now: datetime) -> None:
    """The company knows what is missing."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    _told(
        event, now, readers=dispatchers(vendor, now), subject="Your profile needs something more", topic=T_ONBOARDING,
        body=f"Something is missing: {event.note}\n\nAdd it and send the profile again.", path="/company/setup",
        action="Open the profile",
    )  # fmt: skip


def decided(event: Any, now: datetime) -> None:
    """The company knows whether it is taken on, and why not."""
    vendor, reason = Vendor.objects.get(pk=event.data["vendor"]), f" {event.note}" if event.note else ""
    said = {
        Decision.TRIAL: ("You are taken on, on trial", f"The trial lasts {event.data['jobs']} jobs.{reason}"),
        Decision.APPROVED: ("You are taken on", f"Jobs that you cover are offered to you from now on.{reason}"),
        Decision.REFUSED: ("You are not taken on", f"The reason:{reason}"),
    }
    subject, body = said[Decision(event.data["decision"])]
    _told(
        event, now, readers=dispatchers(vendor, now), subject=f"{subject}: {vendor.name}", topic=T_ONBOARDING,
        body=f"{subject}.\n\n{body}", path="/company/setup", action="Open the profile",
    )  # fmt: skip


def rates_asked(event: Any, now: datetime) -> None:
    """An administrator knows what a vendor wants changed in its rates."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    notices.plan(
        event_key=notices.key_of(event), topic=T_RATES, readers=administrators(now), now=now,
        subject=f"{vendor.name} asks for other rates", path=f"/vendors/{vendor.code}", action="Open the vendor",
        body=f"{vendor.name} asks for other rates: {event.note}\n\nAgree by entering a new rate card, or call"
        f" {event.actor_name}.",
    )  # fmt: skip


LEDGER = Ledger(
    model=LogEvent,
    follows={
        "document.uploaded": (uploaded,),
        "onboarding.submitted": (introduced,),
        "onboarding.returned": (given_back,),
        "onboarding.decided": (decided,),
        "document.rejected": (rejected,),
        "document.reminded": (reminded,),
        "document.expired": (expired,),
        "vendor.trial_decided": (trial_decided,),
        "rates.change_asked": (rates_asked,),
    },
)
