from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "vendors"
    label = "vendors"
    verbose_name = "Vendors"
    ledgers = "vendors.reactions.LEDGER"
