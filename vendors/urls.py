from django.urls import URLPattern, URLResolver, path

from vendors.views import postings

app_name = "vendors"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/vendor", postings.membership_scope, name="membership_scope"),
]
