"""Narrowing the lists of people and of the log."""

from __future__ import annotations

from datetime import datetime

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import LogEvent, Membership, Role, User
from accounts.models.user import UserQuerySet

STATES = [("in", "Signs in"), ("invited", "Invited"), ("off", "Switched off")]


class PeopleFilter(django_filters.FilterSet):
    """People by name or address, role and state."""

    q = django_filters.CharFilter(
        method="by_words", label="Name or e-mail", widget=forms.TextInput(attrs={"type": "search"})
    )
    role = django_filters.ChoiceFilter(choices=Role.choices, method="by_role", label="Role", empty_label="Any role")
    state = django_filters.ChoiceFilter(choices=STATES, method="by_state", label="State", empty_label="Any state")

    class Meta:
        model = User
        fields: list[str] = []

    def by_words(self, people: QuerySet[User], name: str, words: str) -> QuerySet[User]:
        for word in words.split():
            people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
        return people

    def by_role(self, people: QuerySet[User], name: str, role: str) -> QuerySet[User]:
        holding = Membership.objects.visible_to(self.request.user).current(timezone.now()).filter(role=role)
        return people.filter(pk__in=holding.values("user"))

    def by_state(self, people: UserQuerySet, name: str, state: str) -> UserQuerySet:
        if state == "off":
            return people.switched_off()
        return people.invited() if state == "invited" else people.come_in()


class LogFilter(django_filters.FilterSet):
    """The log by who, what and when."""

    who = django_filters.CharFilter("actor_name", "icontains", label="Who", widget=forms.TextInput())
    what = django_filters.CharFilter("verb", "icontains", label="What", widget=forms.TextInput())
    about = django_filters.CharFilter("stream", "exact", label="About", widget=forms.HiddenInput())
    since = django_filters.DateFilter(method="from_day", label="From", widget=forms.DateInput(attrs={"type": "date"}))

    class Meta:
        model = LogEvent
        fields: list[str] = []

    def from_day(self, events: QuerySet[LogEvent], name: str, day: datetime) -> QuerySet[LogEvent]:
        start = datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
        return events.filter(at__gte=start)
