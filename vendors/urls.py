from django.urls import URLPattern, URLResolver, path

from vendors.views import company, postings

app_name = "vendors"

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/roles/<int:pk>/vendor", postings.membership_scope, name="membership_scope"),
    path("company", company.company, name="company"),
    path("company/profile", company.profile, name="company_profile"),
    path("company/documents", company.document_upload, name="document_upload"),
    path("company/documents/<int:pk>", company.document_file, name="document_file"),
    path("company/people", company.hire, name="company_hire"),
    path("company/people/<int:pk>/end", company.dismiss, name="company_dismiss"),
]
