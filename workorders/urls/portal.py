"""Pages of the vendor: its jobs, its answers, its schedule."""

from django.urls import path

from workorders.views import board, portal, proposals

urlpatterns = [
    path("jobs", portal.jobs, name="jobs"),
    path("jobs/schedule", board.schedule, name="job_schedule"),
    path("jobs/offers/<int:pk>", portal.offer, name="offer"),
    path("jobs/offers/<int:pk>/accept", portal.accept, name="offer_accept"),
    path("jobs/offers/<int:pk>/decline", portal.decline, name="offer_decline"),
    path("jobs/offers/<int:pk>/propose", proposals.propose, name="offer_propose"),
    path("jobs/offers/<int:pk>/take-back", proposals.take_back, name="offer_take_back"),
    path("jobs/<str:number>", portal.job, name="job"),
    path("jobs/<str:number>/assign", portal.assign, name="job_assign"),
    path("jobs/<str:number>/reschedule", portal.reschedule, name="job_reschedule"),
    path("jobs/<str:number>/hold", portal.hold, name="job_hold"),
    path("jobs/<str:number>/resume", portal.resume, name="job_resume"),
    path("jobs/<str:number>/complete", portal.complete, name="job_complete"),
    path("jobs/<str:number>/messages", portal.message, name="job_message"),
]
