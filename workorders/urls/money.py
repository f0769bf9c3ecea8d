"""Pages about bills: the vendor's own, and the desk's."""

from django.urls import path

from workorders.views import billing, money

urlpatterns = [
    path("jobs/invoices", billing.bills, name="vendor_invoices"),
    path("jobs/invoices/<int:pk>", billing.bill, name="vendor_invoice"),
    path("jobs/invoices/<int:pk>/totals", billing.bill_totals, name="vendor_invoice_totals"),
    path("jobs/invoices/<int:pk>/answer", billing.bill_answer, name="vendor_invoice_answer"),
    path("jobs/invoices/<int:pk>/correct", billing.bill_take_back, name="vendor_invoice_correct"),
    path("jobs/invoices/<int:pk>/print", billing.bill_sheet, name="vendor_invoice_sheet"),
    path("jobs/<str:number>/invoice", billing.bill_new, name="job_invoice"),
    path("invoices", money.bills, name="invoices"),
    path("invoices/<int:pk>", money.bill, name="invoice"),
    path("invoices/<int:pk>/approve", money.approve, name="invoice_approve"),
    path("invoices/<int:pk>/adjust", money.adjust, name="invoice_adjust"),
    path("invoices/<int:pk>/dispute", money.dispute, name="invoice_dispute"),
    path("invoices/<int:pk>/reject", money.reject, name="invoice_reject"),
    path("invoices/<int:pk>/return", money.give_back, name="invoice_return"),
    path("invoices/<int:pk>/void", money.void, name="invoice_void"),
    path("invoices/<int:pk>/print", money.bill_sheet, name="invoice_sheet"),
]
