from django.urls import URLPattern, URLResolver, path

from assets.views import equipment, inventory, labels, places, postings

app_name = "assets"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/places", postings.membership_scope, name="membership_scope"),
    # a store looks its equipment up
    path("equipment", equipment.equipment, name="equipment"),
    path("equipment/<str:tag>", equipment.unit, name="unit"),
    path("equipment/<str:tag>/label", labels.label, name="label"),
    path("equipment/<str:tag>/label.svg", labels.label_code, name="label_code"),
    path("equipment/<str:tag>/label/replace", labels.label_replace, name="label_replace"),
    path("labels", labels.sheet, name="labels"),
    path("labels/<str:code>.pdf", labels.sheet_pdf, name="labels_pdf"),
    path("labels/<str:code>/replace", labels.site_label_replace, name="labels_replace"),
    # the desk keeps it
    path("assets", inventory.assets, name="assets"),
    path("assets/new", inventory.asset_new, name="asset_new"),
    path("assets/<str:tag>", inventory.asset, name="asset"),
    path("assets/<str:tag>/edit", inventory.asset_edit, name="asset_edit"),
    path("assets/<str:tag>/retire", inventory.asset_retire, {"way": "retire"}, name="asset_retire"),
    path("assets/<str:tag>/return", inventory.asset_retire, {"way": "return"}, name="asset_return"),
    path("assets/<str:tag>/warranties/new", inventory.warranty, name="warranty_new"),
    path("assets/<str:tag>/warranties/<int:pk>", inventory.warranty, name="warranty"),
    path("assets/<str:tag>/warranties/<int:pk>/remove", inventory.warranty_remove, name="warranty_remove"),
    path("sites", places.sites, name="sites"),
    path("sites/new", places.site_new, name="site_new"),
    path("sites/<str:code>", places.site, name="site"),
    path("sites/<str:code>/edit", places.site_edit, name="site_edit"),
    path("sites/<str:code>/hours", places.site_hours, name="site_hours"),
    path("sites/<str:code>/retire", places.site_retire, {"way": "retire"}, name="site_retire"),
    path("sites/<str:code>/reopen", places.site_retire, {"way": "reopen"}, name="site_reopen"),
    path("sites/<str:code>/areas/new", places.area, name="area_new"),
    path("sites/<str:code>/areas/<int:pk>", places.area, name="area"),
    path("sites/<str:code>/areas/<int:pk>/retire", places.area_retire, name="area_retire"),
    path("sites/<str:code>/responsibilities/new", places.responsibility, name="responsibility_new"),
    path("sites/<str:code>/responsibilities/<int:pk>", places.responsibility, name="responsibility"),
    path(
        "sites/<str:code>/responsibilities/<int:pk>/remove", places.responsibility_remove, name="responsibility_remove"
    ),
]
