"""Pages of the technician on site."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
