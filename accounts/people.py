"""People and what they are to the work: inviting them in, giving and ending roles, limits, switching off.

Nobody gives himself anything here: no role, no higher limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction

from accounts.actors import Actor, person
from accounts.events import record, under
from accounts.models.event import Via
from accounts.models.role import Membership
from accounts.models.user import User
from accounts.notices import mail_once
from accounts.thresholds import declare
from accounts.words import money

PROFILE = frozenset({"name", "phone", "job_title", "time_zone", "theme", "shortcuts_on", "quiet_from", "quiet_until"})
INVITATION = "accounts.invitation"
INVITATION_LASTS = declare("invitation.lasts", 7, "days", "How long an invitation can be accepted", minimum=1)

LIMITS = ("nte_limit_amount", "quote_limit_amount", "invoice_limit_amount")
LIMIT_LABELS = {
    "nte_limit_amount": "Not-to-exceed limit",
    "quote_limit_amount": "Quote limit",
    "invoice_limit_amount": "Invoice limit",
}


class NotForOneself(Exception):
    """A person may not do this to his own account; somebody else has to."""


class AlreadyHere(Exception):
    """Somebody already signs in with this e-mail address."""


class InvitationOver(Exception):
    """The link was used, replaced by a newer one, or is too old."""


class NotHeld(Exception):
    """The role that should end is not held any more."""


def stream_of(user: User) -> str:
    """The chain of the log that tells what happened to a person's account."""
    return f"user:{user.pk}"


# Coming in


def invite(
    *, email: str, name: str, roles: Iterable[str] = (), by: Actor, now: datetime, why: str = ""
) -> User:  # fmt: skip
    """Make an account without a password and mail its person a link to choose one; `why` is said in the mail.

    Raises AlreadyHere.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, name=name.strip(), joined_at=now)
            record(stream=stream_of(user), verb="person.invited", by=by, now=now, data={"name": user.name})
            for role in roles:
                grant(user=user, role=role, by=by, now=now)
            _send_link(user, by, now, why)
            return user
    except IntegrityError as error:
        raise AlreadyHere("Somebody already signs in with this e-mail address.") from error


def invite_again(*, user: User, by: Actor, now: datetime) -> None:
    """Mail a new link; the older ones stop working. Raises InvitationOver for one who has come in already."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.has_usable_password() or not user.is_active:
            raise InvitationOver(f"{user.name} has accepted already, or is switched off.")
        user.set_unusable_password()
        user.save(update_fields=["password"])
        record(stream=stream_of(user), verb="person.invited", by=by, now=now, data={"name": user.name})
        _send_link(user, by, now)


def _send_link(user: User, by: Actor, now: datetime, why: str = "") -> None:
    """Plan the mail. It goes to the address alone: an in-app notice would show the link to nobody."""
    mail_once(
        key=f"invitation:{user.pk}:{now.timestamp()}",
        topic="invitation",
        address=user.email,
        subject="Your account is ready",
        body=f"{by} has invited you to Mainstay.\n"
        f"Choose a password to come in. The link works for {INVITATION_LASTS.value():g} days. {why}".rstrip(),
        path=f"/invitation/{invitation_token(user, now)}",
        action="Choose a password",
        now=now,
    )


def invitation_token(user: User, now: datetime) -> str:
    """A signed word that lets its bearer choose the password of `user`, once, until it is too old.

    It carries the end of the unusable password, which changes with every invitation and with acceptance,
    so that only the newest link works and none works twice.
    """
    ends_at = now + INVITATION_LASTS.span()
    return signing.dumps([user.pk, user.password[-12:], int(ends_at.timestamp())], salt=INVITATION)


def invited(*, token: str, now: datetime) -> User:
    """The person a link was made for. Raises InvitationOver."""
    over = InvitationOver("This invitation has been used or is too old. Ask for a new one.")
    try:
        pk, mark, ends = signing.loads(token, salt=INVITATION)
    except signing.BadSignature as error:
        raise over from error
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.has_usable_password() or user.password[-12:] != mark or now.timestamp() >= ends:
        raise over
    return user


def accept_invitation(*, token: str, name: str, password: str, now: datetime) -> User:
    """Set the password and the name as the person writes it. Raises InvitationOver."""
    with transaction.atomic():
        found = invited(token=token, now=now)
        user = User.objects.select_for_update().get(pk=found.pk)
        if user.password != found.password:
            raise InvitationOver("This invitation has been used or is too old. Ask for a new one.")
        user.name = name.strip()
        user.set_password(password)
        user.save(update_fields=["name", "password"])
        with under(via=Via.LINK):
            record(stream=stream_of(user), verb="person.came_in", by=user, now=now)
        return user


# Roles


def grant(*, user: User, role: str, by: Actor, now: datetime, ends_at: datetime | None = None) -> Membership:
    """Give `user` a role, for good or until `ends_at`. Raises NotForOneself."""
    _not_oneself(user, by)
    with transaction.atomic():
        membership = Membership.objects.create(
            user=user, role=role, granted_by=person(by), granted_at=now, ends_at=ends_at
        )
        record(
            stream=stream_of(user),
            verb="role.granted",
            by=by,
            now=now,
            data={"role": role, "membership": membership.pk, "until": ends_at.isoformat() if ends_at else None},
        )
    _forget_roles(user)
    return membership


def end(*, membership: Membership, by: Actor, now: datetime) -> Membership:
    """End a role now. Raises NotHeld when it has ended, NotForOneself."""
    _not_oneself(membership.user, by)
    with transaction.atomic():
        held = Membership.objects.select_for_update().current(now).filter(pk=membership.pk).first()
        if held is None:
            raise NotHeld("This role has ended already.")
        # Given and taken in the same instant: it never was.
        held.ends_at = max(now, held.granted_at + timedelta(microseconds=1))
        held.save(update_fields=["ends_at"])
        record(
            stream=stream_of(held.user),
            verb="role.ended",
            by=by,
            now=now,
            data={"role": held.role, "membership": held.pk},
        )
    _forget_roles(membership.user)
    return held


def _not_oneself(user: User, by: Actor) -> None:
    if person(by) == user:
        raise NotForOneself("You cannot change your own roles. Ask another administrator.")


def _forget_roles(user: User) -> None:
    """Drop what this instance remembered of its roles; other instances see the new access version."""
    user.refresh_from_db(fields=["access_version"])
    for name in ("current_memberships", "roles", "acts"):
        user.__dict__.pop(name, None)


# Money and switching off


def set_limits(*, user: User, limits: Mapping[str, Decimal], by: Actor, now: datetime) -> User:
    """Set what `user` may spend per decision, in dollars. Raises NotForOneself when `by` would raise his own."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        changes = {
            name: (getattr(locked, name), limits[name])
            for name in LIMITS
            if name in limits and limits[name] != getattr(locked, name)
        }
        if person(by) == locked and any(after > before for before, after in changes.values()):
            raise NotForOneself("You cannot raise your own limits. Ask another administrator.")
        if changes:
            for name, (_, after) in changes.items():
                setattr(locked, name, after)
            locked.save(update_fields=list(changes))
            record(
                stream=stream_of(locked),
                verb="limits.changed",
                by=by,
                now=now,
                data={LIMIT_LABELS[name]: [money(before), money(after)] for name, (before, after) in changes.items()},
            )
        return locked


def switch_off(*, user: User, by: Actor, now: datetime) -> User:
    """Let nobody sign in as `user` any more and end what sessions there are. Raises NotForOneself."""
    if person(by) == user:
        raise NotForOneself("You cannot switch off your own account. Ask another administrator.")
    return _switch(user, False, by, now)


def switch_on(*, user: User, by: Actor, now: datetime) -> User:
    """Let `user` sign in again, with the roles that have not ended meanwhile."""
    return _switch(user, True, by, now)


def _switch(user: User, on: bool, by: Actor, now: datetime) -> User:
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.is_active != on:
            locked.is_active = on
            locked.save(update_fields=["is_active"])
            verb = "person.switched_on" if on else "person.switched_off"
            record(stream=stream_of(locked), verb=verb, by=by, now=now)
        return locked


def change_profile(*, user: User, facts: Mapping[str, Any], now: datetime) -> User:
    """Keep what a person says of himself: any of PROFILE."""
    unknown = set(facts) - PROFILE
    if unknown:
        raise TypeError(f"Not of the profile: {sorted(unknown)}")
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        changed = [name for name, value in facts.items() if getattr(locked, name) != value]
        if changed:
            for name in changed:
                setattr(locked, name, facts[name])
            locked.save(update_fields=changed)
            record(stream=stream_of(locked), verb="profile.changed", by=user, now=now, data={"fields": sorted(changed)})
        return locked
