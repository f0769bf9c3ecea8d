"""Pages of the technician on site."""

from django.urls import path

from workorders.views import field, found

urlpatterns = [
    path("jobs/<str:number>/check-in", field.check_in, name="job_check_in"),
    path("jobs/<str:number>/papers", field.papers, name="job_papers"),
    path("jobs/<str:number>/parts", field.part_add, name="job_part_add"),
    path("jobs/<str:number>/parts/<int:pk>/remove", field.part_remove, name="job_part_remove"),
    path("jobs/<str:number>/labor", field.labor_add, name="job_labor_add"),
    path("jobs/<str:number>/photos", field.photo_add, name="job_photo_add"),
    path("jobs/<str:number>/checklist/<int:pk>", field.checklist_answer, name="job_checklist_answer"),
    path("jobs/<str:number>/found", found.found, name="job_found"),
    path("jobs/<str:number>/check-out", field.check_out, name="job_check_out"),
]
