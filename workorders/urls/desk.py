"""Pages of the facilities desk."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
