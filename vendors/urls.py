from django.urls import URLPattern, URLResolver, path

from vendors.views import company, gaps, papers, postings, record, review, roster

app_name = "vendors"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/vendor", postings.membership_scope, name="membership_scope"),
    # a company keeps its own
    path("company", company.company, name="company"),
    path("company/profile", company.profile, name="company_profile"),
    path("company/documents", company.document_upload, name="document_upload"),
    path("company/documents/<int:pk>", company.document_file, name="document_file"),
    path("company/people", company.hire, name="company_hire"),
    path("company/people/<int:pk>/end", company.dismiss, name="company_dismiss"),
    # the desk
    path("vendors", roster.vendors, name="vendors"),
    path("vendors/new", roster.vendor_new, name="vendor_new"),
    path("vendors/<str:code>", record.profile, name="vendor"),
    path("vendors/<str:code>/coverage", record.coverage, name="vendor_coverage"),
    path("vendors/<str:code>/rates", record.rates, name="vendor_rates"),
    path("vendors/<str:code>/documents", record.documents, name="vendor_documents"),
    path("vendors/<str:code>/people", record.people, name="vendor_people"),
    path("vendors/<str:code>/hours", roster.vendor_hours, name="vendor_hours"),
    path("vendors/<str:code>/edit", roster.vendor_edit, name="vendor_edit"),
    path("vendors/<str:code>/standing", roster.standing, name="standing"),
    path("vendors/<str:code>/bar", roster.bar, name="bar"),
    path("vendors/<str:code>/let-in", roster.let_in, name="let_in"),
    path("vendors/<str:code>/trades", roster.trades, name="trades"),
    path("vendors/<str:code>/contacts/new", roster.contact, name="contact_new"),
    path("vendors/<str:code>/contacts/<int:pk>", roster.contact, name="contact"),
    path("vendors/<str:code>/coverage/new", roster.coverage, name="coverage_new"),
    path("vendors/<str:code>/coverage/<int:pk>", roster.coverage, name="coverage"),
    path("vendors/<str:code>/rates/new", roster.rate_card, name="rate_card_new"),
    path("vendors/<str:code>/rates/<int:pk>", roster.rate_card, name="rate_card"),
    path("vendors/<str:code>/targets/new", roster.target, name="target_new"),
    path("vendors/<str:code>/targets/<int:pk>", roster.target, name="target"),
    path("vendors/<str:code>/contacts/<int:pk>/remove", roster.part_remove, {"kind": "contacts"}, "contact_remove"),
    path("vendors/<str:code>/coverage/<int:pk>/remove", roster.part_remove, {"kind": "coverage"}, "coverage_remove"),
    path("vendors/<str:code>/targets/<int:pk>/remove", roster.part_remove, {"kind": "targets"}, "target_remove"),
    path("vendors/<str:code>/papers/new", papers.paper_new, name="paper_new"),
    path("compliance", papers.compliance, name="compliance"),
    path("compliance/gaps", gaps.gaps, name="gaps"),
    path("compliance/gaps.csv", gaps.gaps_file, name="gaps_csv"),
    path("compliance/gaps/<str:code>/<str:trade>", gaps.gap, name="gap"),
    path("compliance/review", review.first, name="review"),
    path("compliance/papers/<int:pk>/review", review.review, name="paper_review"),
    path("compliance/papers/<int:pk>", papers.paper_file, name="paper_file"),
    path("compliance/papers/<int:pk>/verify", review.verify, name="paper_verify"),
    path("compliance/papers/<int:pk>/reject", review.reject, name="paper_reject"),
]
