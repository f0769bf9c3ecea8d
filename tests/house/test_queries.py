"""Every query of a page starts from the person; no filter is taken from a request; rules never read the clock."""

import ast

import pytest
from django.apps import apps

from tests.house.reading import FLOORS, calls, in_a_door, modules

CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "localdate"}
ASKS_FOR_NOW = {"accounts/models/user.py"}  # what a person may do is a question of this moment: a role may end
# Rows that belong to nobody in particular, or that are the question itself.
NOBODYS = {"Heartbeat", "JobRun", "OrmQ", "Schedule", "Operation", "OneTimeKey", "Setting"}


def page_modules():
    return {
        module: tree
        for module, tree in modules().items()
        if "/views/" in module
        or module.endswith(("/views.py", "/api.py", "/filters.py", "/forms.py"))
        or "/forms/" in module
    }


def unscoped(tree: ast.Module) -> list[str]:
    """Uses of Model.objects that do not go on with visible_to(…) or create nothing."""
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "objects":
            model = ast.unparse(node.value.value)
            if node.attr not in {"visible_to", "none"} and model.rsplit(".", 1)[-1] not in NOBODYS:
                wrong.append(f"line {node.lineno}: {model}.objects.{node.attr}")
    return wrong


def test_pages_start_every_query_from_the_person():
    assert {module: wrong for module, tree in page_modules().items() if (wrong := unscoped(tree))} == {}


def test_a_query_that_does_not_would_be_found():
    assert unscoped(ast.parse("Site.objects.filter(pk=1)"))
    assert not unscoped(ast.parse("Site.objects.visible_to(request.user).filter(pk=1)"))


def test_no_filter_is_spelled_by_a_request():
    wrong = []
    for module, tree in modules().items():
        for called, call in calls(tree):
            if called.rsplit(".", 1)[-1] in {"filter", "exclude", "get", "update", "order_by", "create"}:
                poured = [ast.unparse(k.value) for k in call.keywords if k.arg is None]
                poured += [ast.unparse(a.value) for a in call.args if isinstance(a, ast.Starred)]
                wrong += [f"{module}:{call.lineno}" for text in poured if "request" in text or "GET" in text]
    assert wrong == []


def test_rules_are_told_the_time():
    wrong = [
        f"{module}:{call.lineno} {called}"
        for module, tree in modules().items()
        if not in_a_door(module) and module not in ASKS_FOR_NOW
        for called, call in calls(tree)
        if called in CLOCKS or called.endswith(("timezone.now", "timezone.localdate"))
    ]
    assert wrong == []


def test_nothing_of_ours_listens_to_signals():
    wrong = [
        f"{module}:{call.lineno}"
        for module, tree in modules().items()
        for called, call in calls(tree)
        if called in {"receiver", "Signal"}
        or called.endswith(("_save.connect", "_delete.connect", "m2m_changed.connect"))
    ]
    assert wrong == []


@pytest.mark.parametrize("app", FLOORS[:-1])
def test_every_model_that_pages_ask_for_can_say_what_a_person_sees(app):
    asked = {
        ast.unparse(node.value).rsplit(".", 1)[-1]
        for tree in page_modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    } - NOBODYS
    mute = [
        model.__name__
        for model in apps.get_app_config(app).get_models()
        if model.__name__ in asked and not hasattr(model._default_manager.all(), "visible_to")
    ]
    assert mute == []
