"""Money is Decimal, everywhere: no float is made near an amount, and no field of money is anything else."""

import ast
import re

from django.apps import apps
from django.db import models

from config.checks import OURS, broken_promise
from tests.house.reading import calls, modules

MONEY = re.compile(r"amount|price|cost\b|total|spend|limit_")


def test_no_rule_turns_money_into_a_float():
    wrong = [
        f"{module}:{call.lineno}"
        for module, tree in modules().items()
        for called, call in calls(tree)
        if called == "float" and call.args and MONEY.search(ast.unparse(call.args[0]))
    ]
    assert wrong == []


def test_every_field_keeps_what_its_ending_promises():
    wrong = [
        f"{model._meta.label}.{field.name} {problem}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.local_fields
        if (problem := broken_promise(field))
    ]
    assert wrong == []


def test_a_broken_promise_would_be_found():
    def named(name: str, field: models.Field) -> models.Field:
        field.set_attributes_from_name(name)
        return field

    assert broken_promise(named("tax_amount", models.FloatField()))
    assert broken_promise(named("due_on", models.DateTimeField()))
    assert broken_promise(named("due_at", models.DateField()))
    assert broken_promise(named("due", models.DateTimeField()))
    assert broken_promise(named("unit_cost", models.FloatField()))
    assert not broken_promise(named("tax_amount", models.DecimalField(max_digits=12, decimal_places=2)))
    assert not broken_promise(named("at", models.DateTimeField()))
