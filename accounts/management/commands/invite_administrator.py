"""manage.py invite_administrator: the first person of a new installation, who invites everybody else."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from accounts import people
from accounts.actors import System
from accounts.models import User
from accounts.models.role import Role

OPERATOR = System("Operator")


class Command(BaseCommand):
    help = "Invite a facilities administrator and print the link that chooses a password. Again: a new link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address to sign in with; the link goes there too")
        parser.add_argument("name", help="the person's name")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        now = timezone.now()
        try:
            validate_email(email)
            known = User.objects.filter(email__iexact=email).first()
            if known is None:
                known = people.invite(email=email, name=name, roles=[Role.ADMINISTRATOR], by=OPERATOR, now=now)
            else:
                people.invite_again(user=known, by=OPERATOR, now=now)
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address.") from error
        except people.InvitationOver as error:
            raise CommandError(str(error)) from error
        known.refresh_from_db()
        self.stdout.write(f"{settings.BASE_URL}/invitation/{people.invitation_token(known, now)}")
