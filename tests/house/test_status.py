"""Each state has one hand that writes it: assignments, update(), bulk_update() and create() are all looked at."""

import ast

from tests.house.reading import modules

LIFECYCLE = "workorders/lifecycle.py"
ELSEWHERE = ("assets/", "config/")  # an asset's status is a plain fact; config has statuses of HTTP


def writers_of_status(tree: ast.Module) -> set[int]:
    """Lines on which somebody sets an attribute, a column or a field called status."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Attribute) and part.attr == "status":
                    lines.add(node.lineno)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rsplit(".", 1)[-1]
            writes = called in {"update", "update_or_create", "setattr", "bulk_update"}
            named = any(keyword.arg == "status" for keyword in node.keywords)
            quoted = any(
                isinstance(part, ast.Constant) and part.value == "status"
                for value in node.args
                for part in ast.walk(value)
            )
            if writes and (named or quoted):
                lines.add(node.lineno)
    return lines


def test_only_the_lifecycle_writes_the_status_of_a_work_order():
    wrong = {
        module: sorted(lines)
        for module, tree in modules().items()
        if module != LIFECYCLE and not module.startswith(ELSEWHERE) and (lines := writers_of_status(tree))
    }
    assert wrong == {}


def test_every_way_of_writing_would_be_found():
    for text in (
        "order.status = 'new'",
        "a, order.status = 1, 2",
        "WorkOrder.objects.filter(pk=1).update(status='new')",
        "WorkOrder.objects.bulk_update(orders, ['status'])",
        "setattr(order, 'status', 'new')",
    ):
        assert writers_of_status(ast.parse(text)), text
    assert not writers_of_status(ast.parse("WorkOrder.objects.filter(status='new')"))
