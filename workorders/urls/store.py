"""Pages of the store."""

from django.urls import URLPattern, path

from workorders.views import attachments, report, store

urlpatterns: list[URLPattern] = [
    path("store", store.home, name="store_home"),
    path("report", report.report, name="report"),
    path("requests", store.requests, name="requests"),
    path("requests/<str:number>", store.request_page, name="request"),
    path("requests/<str:number>/messages", store.request_message, name="request_message"),
    path("requests/<str:number>/worse", store.request_worse, name="request_worse"),
    path("requests/<str:number>/cancel", store.request_cancel, name="request_cancel"),
    path("requests/<str:number>/confirm", store.request_confirm, name="request_confirm"),
    path("requests/<str:number>/reject", store.request_reject, name="request_reject"),
    path("requests/<str:number>/recall", store.request_recall, name="request_recall"),
    path("attachments/<int:pk>", attachments.attachment, name="attachment"),
]
