"""Each state has one hand that writes it: assignments, update(), bulk_update() and create() are all looked at."""

import ast
import re

from tests.house.reading import modules

LIFECYCLE = "workorders/lifecycle.py"
# What a statement of SQL sets in work orders, up to where it says in which of them.
SETS = re.compile(r"(?is)\bworkorders_workorder\b(?:\s+(?:AS\s+)?\w+)?\s+SET\b(.*?)(?:\bFROM\b|\bWHERE\b|$)")
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
        said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if any(re.search(r"(?i)\bstatus\s*=", part) for part in SETS.findall(said)):
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
        "cursor.execute('UPDATE workorders_workorder SET version = 2, status = 1 WHERE id = 1')",
        "SQL = f'update workorders_workorder w set status = {other} FROM m WHERE w.id = m.id'",
    ):
        assert writers_of_status(ast.parse(text)), text
    assert not writers_of_status(ast.parse("WorkOrder.objects.filter(status='new')"))
    assert not writers_of_status(ast.parse("SQL = 'UPDATE workorders_workorder SET version = 2 WHERE status = 1'"))


def test_the_lifecycle_writes_in_sets_too():
    assert any("UPDATE workorders_workorder" in ast.unparse(node) for node in modules()[LIFECYCLE].body)
