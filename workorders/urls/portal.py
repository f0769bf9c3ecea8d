"""Pages of the vendor's dispatcher."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
