"""Visits in one's own calendar."""

from django.urls import URLPattern, path

from workorders.views import calendar

urlpatterns: list[URLPattern] = [
    path("calendar", calendar.calendar, name="calendar"),
    path("calendar/new", calendar.make, name="calendar_new"),
    path("calendar/stop", calendar.stop, name="calendar_stop"),
    path("calendar/feed/<str:key>.ics", calendar.feed, name="calendar_feed"),
]
