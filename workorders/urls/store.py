"""Pages of the store."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
