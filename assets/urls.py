from django.urls import URLPattern, URLResolver, path

from assets.views import postings

app_name = "assets"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/places", postings.membership_scope, name="membership_scope"),
]
