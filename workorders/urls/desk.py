"""Pages of the facilities desk."""

from django.urls import URLPattern, path

from workorders.views import bulk, desk, live, merge, order, order_more, order_new, proposals, saved_views, why

urlpatterns: list[URLPattern] = [
    path("queue", desk.work, name="queue"),
    path("queue/news", live.news, name="queue_news"),
    path("queue/filters", desk.narrow, name="queue_filters"),
    path("queue/peek/<str:number>", desk.peek, name="queue_peek"),
    path("queue/bulk", bulk.bulk, name="queue_bulk"),
    path("queue.csv", desk.export, name="queue_csv"),
    path("queue/views", saved_views.save_view, name="view_save"),
    path("queue/views/<int:pk>", saved_views.change_view, name="view_change"),
    path("approvals", order_new.approvals, name="approvals"),
    path("work-orders/new", order_new.new, name="order_new"),
    path("work-orders/suggest", order_new.suggest, name="order_suggest"),
    path("work-orders/<str:number>", order.show, name="order"),
    path("work-orders/<str:number>/sheet", order.sheet, name="order_sheet"),
    path("work-orders/<str:number>/people", order_more.people, name="order_people"),
    path("work-orders/<str:number>/files/<int:pk>", order_more.attachment, name="order_file"),
    path("work-orders/<str:number>/links", order_more.mailed, name="order_links"),
    path("work-orders/<str:number>/links/end", order_more.mailed_end, name="order_links_end"),
    path("work-orders/<str:number>/vendors", order.vendors, name="order_vendors"),
    path("work-orders/<str:number>/merge", merge.choose, name="order_merge"),
    path("work-orders/<str:number>/offer", order.offer, name="order_offer"),
    path("work-orders/<str:number>/offers/<int:pk>", why.shown, name="offer_shown"),
    path("work-orders/<str:number>/offers/<int:pk>/withdraw", order.withdraw, name="offer_withdraw"),
    path("work-orders/<str:number>/proposals/<int:pk>/agree", proposals.agree, name="order_proposal_agree"),
    path("work-orders/<str:number>/proposals/<int:pk>/refuse", proposals.refuse, name="order_proposal_refuse"),
    path("work-orders/<str:number>/do/<slug:name>", order.act, name="order_act"),
]
