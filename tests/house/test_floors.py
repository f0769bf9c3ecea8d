"""An app imports the floors below it and none above; nothing is imported by a relative path."""

import ast

import pytest

from tests.house.reading import FLOORS, modules


def reached(tree: ast.Module) -> set[str]:
    """The apps that a module names in imports or in dotted strings such as "workorders.WorkOrder"."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("a relative path" if node.level else (node.module or "").split(".")[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            first, dot, rest = node.value.partition(".")
            if dot and first in FLOORS and rest.replace(".", "").replace("_", "").isalnum():
                found.add(first)
    return found


def offenders(app: str, tree: ast.Module) -> set[str]:
    return reached(tree) & {"a relative path", *FLOORS[FLOORS.index(app) + 1 :]}


@pytest.mark.parametrize("app", FLOORS[:-1])
def test_an_app_knows_nobody_above_it(app):
    wrong = {
        module: sorted(found)
        for module, tree in modules().items()
        if module.startswith(f"{app}/") and (found := offenders(app, tree))
    }
    assert wrong == {}


def test_an_import_from_above_would_be_found():
    assert offenders("assets", ast.parse("def f():\n    from workorders.models import WorkOrder")) == {"workorders"}
    assert offenders("assets", ast.parse("ForeignKey('workorders.WorkOrder')")) == {"workorders"}
    assert offenders("assets", ast.parse("from . import site")) == {"a relative path"}
    assert offenders("assets", ast.parse("from accounts.models import User")) == set()
