from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    label = "reporting"
    verbose_name = "Reports"
    ledgers = ("reporting.reactions.LEDGER", "reporting.reactions.VENDORS")
