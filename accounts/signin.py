"""How people come to an account: by invitation only."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitationsOnly(DefaultAccountAdapter):
    """Sign-in, password reset and second factor as allauth does them, without open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
