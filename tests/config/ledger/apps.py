from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tests.config.ledger"
    label = "ledger_of_tests"
    ledgers = "tests.config.ledger.follows.LEDGER"
