"""What a mailed link opens."""

from django.urls import URLPattern, path

from workorders.views import link

urlpatterns: list[URLPattern] = [
    path("j/<int:pk>/", link.home, name="job_link_home"),
    path("j/<int:pk>/<path:rest>", link.inside, name="job_link_inside"),
    path("j/<str:token>", link.enter, name="job_link"),
]
