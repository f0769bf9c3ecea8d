"""Signing in: allauth does it; here is how people come to an account, what is written down, what is mailed."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts import notices
from accounts.actors import System
from accounts.events import record
from accounts.models.user import User
from accounts.people import stream_of

DOOR = System("Sign-in page")
LOCKED_OUT_NOTED_EVERY = 300  # seconds: a flood of guesses must not become a flood of events

# What allauth says about an account by the name of its mail: the verb, and the sentence for its person.
NOTED = {
    "account/email/password_changed": ("password.changed", "Your password was changed."),
    "account/email/password_reset": ("password.reset", "Your password was set anew over a link we mailed you."),
    "account/email/password_set": ("password.set", "A password was set for your account."),
    "mfa/email/totp_activated": ("second_factor.added", "An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": ("second_factor.removed", "The authenticator app was removed from your account."),
    "mfa/email/recovery_codes_generated": ("recovery_codes.made", "New recovery codes were made for your account."),
    "mfa/email/webauthn_added": ("second_factor.added", "A passkey was added to your account."),
    "mfa/email/webauthn_removed": ("second_factor.removed", "A passkey was removed from your account."),
}


class InvitationsOnly(DefaultAccountAdapter):
    """Sign-in, password reset and second factor as allauth does them, without open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    # What is written down

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        record(stream=stream_of(user), verb="signin.succeeded", by=user, now=timezone.now(), data=self._where(request))

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            record(stream=stream_of(request.user), verb="signin.ended", by=request.user, now=timezone.now())
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._note_failure(request, "signin.failed", credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            if cache.add(f"locked-out:{_digest(credentials)}", 1, LOCKED_OUT_NOTED_EVERY):
                self._note_failure(request, "signin.locked_out", credentials)
            raise

    def _note_failure(self, request: HttpRequest, verb: str, credentials: dict[str, Any]) -> None:
        """Under the person's own chain where the address is somebody's; a mistyped one is not kept as typed."""
        user = User.objects.filter(email__iexact=credentials.get("email") or "").first()
        stream = stream_of(user) if user else "signin"
        where = self._where(request) | {"address": _digest(credentials)}
        record(stream=stream, verb=verb, by=DOOR, now=timezone.now(), data=where)

    def _where(self, request: HttpRequest) -> dict[str, str]:
        return {"ip": self.get_client_ip(request), "browser": self.get_http_user_agent(request)[:200]}

    # Who is asked for the password again

    def reauthenticate(self, user: Any, password: str) -> bool:
        again = self.authenticate(self.request, email=user.email, password=password)
        return again is not None and again.pk == user.pk

    # What is mailed: planned like every notice, so that a mail server that sleeps stops nobody

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """A link to choose a new password. Whoever has not accepted an invitation yet needs that one instead."""
        if not user.has_usable_password():
            return
        notices.mail_once(
            key=f"password_reset:{uuid.uuid4()}",
            topic="password",
            address=user.email,
            subject="Choose a new password",
            body="Somebody, probably you, asked for a new password for this address.\n"
            "Choose one over the link. If it was not you, do nothing: your password stays as it is.",
            path=urlsplit(context["password_reset_url"]).path,
            action="Choose a new password",
            now=timezone.now(),
        )

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Write down what happened to an account's keys, and tell its person by mail."""
        if template_prefix not in NOTED:
            super().send_notification_mail(template_prefix, user, context, email)
            return
        verb, sentence = NOTED[template_prefix]
        now = timezone.now()
        event = record(stream=stream_of(user), verb=verb, by=user, now=now)
        notices.mail_once(
            key=notices.key_of(event),
            topic="password",
            address=user.email,
            subject=sentence.rstrip("."),
            body=f"{sentence}\nIf it was not you, choose a new password now and tell your administrator.",
            path="/accounts/password/reset/",
            action="Choose a new password",
            now=now,
        )


def _digest(credentials: dict[str, Any]) -> str:
    address = str(credentials.get("email") or "").strip().lower()
    return hashlib.sha256(address.encode()).hexdigest()[:16]
