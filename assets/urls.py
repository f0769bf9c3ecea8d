from django.urls import URLPattern, URLResolver, path

from assets.views import equipment, postings

app_name = "assets"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/places", postings.membership_scope, name="membership_scope"),
    path("equipment", equipment.equipment, name="equipment"),
    path("equipment/<str:tag>", equipment.unit, name="unit"),
    path("equipment/<str:tag>/label", equipment.label, name="label"),
    path("equipment/<str:tag>/label.svg", equipment.label_code, name="label_code"),
]
