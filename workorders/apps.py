from django.apps import AppConfig


class WorkordersConfig(AppConfig):
    name = "workorders"
    label = "workorders"
    verbose_name = "Work orders"
    ledgers = (
        "workorders.reactions.LEDGER",
        "workorders.reactions.VENDORS",
        "workorders.policies.POLICIES",
    )
