"""Addresses of people pages."""

from django.urls import path, re_path

from accounts.views import audit, entry, own, people

app_name = "accounts"

urlpatterns = [
    path("invitation/<str:token>", entry.invitation, name="invitation"),
    path("me", own.me, name="me"),
    path("me/wishes", own.wishes, name="wishes"),
    path("notices", own.notices, name="notices"),
    path("notices/read", own.read, name="notices_read"),
    path("people", people.people, name="people"),
    path("people/new", people.invite, name="invite"),
    path("people/<int:pk>", people.person, name="person"),
    path("people/<int:pk>/roles", people.grant, name="grant"),
    path("people/<int:pk>/roles/<int:membership>/end", people.end, name="role_end"),
    path("people/<int:pk>/limits", people.limits, name="limits"),
    re_path(r"^people/(?P<pk>[0-9]{1,18})/switch/(?P<way>on|off)$", people.switch, name="switch"),
    path("people/<int:pk>/invite", people.invite_again, name="invite_again"),
    path("log", audit.log, name="log"),
]
