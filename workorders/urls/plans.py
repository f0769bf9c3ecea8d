"""Pages of planned maintenance."""

from django.urls import URLPattern, path

from workorders.views import plans

urlpatterns: list[URLPattern] = [
    path("planned-maintenance", plans.plans, name="plans"),
    path("planned-maintenance/new", plans.plan_new, name="plan_new"),
    path("planned-maintenance/<int:pk>", plans.plan, name="plan"),
    path("planned-maintenance/<int:pk>/edit", plans.plan_edit, name="plan_edit"),
    path("planned-maintenance/<int:pk>/units", plans.plan_targets, name="plan_targets"),
    path("planned-maintenance/<int:pk>/units/<int:target>/drop", plans.plan_drop, name="plan_drop"),
    path("planned-maintenance/<int:pk>/retire", plans.plan_retire, name="plan_retire"),
]
