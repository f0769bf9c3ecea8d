"""Every address of the site map has a guard, and a missing one stops the start."""

from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path

from accounts.guards import public
from config.checks import every_view_is_guarded, third_party, views


def test_every_view_of_ours_wears_a_mark():
    assert every_view_is_guarded(None) == []
    assert len(list(views(get_resolver().url_patterns))) > 20


def test_a_view_without_a_mark_would_be_found(monkeypatch):
    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @public
    def marked(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    found = list(views([path("bare", bare), path("marked", marked)]))
    assert [hasattr(view, "guard") for _, view in found] == [False, True]
    assert not third_party(bare)
