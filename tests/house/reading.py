"""Reading the product's own code, for the tests of the house's rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("accounts", "assets", "vendors", "workorders", "reporting", "config")  # the lowest first
TEXTS = (".py", ".html", ".css", ".js", ".md", ".toml", ".yaml", ".txt", ".sh", ".svg")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path, migrations left out."""
    return {
        name(path): ast.parse(path.read_text(), str(path))
        for app in FLOORS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    }


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def templates() -> dict[str, str]:
    return {name(path): path.read_text() for path in sorted((ROOT / "templates").rglob("*.html"))}


def in_a_door(module: str) -> bool:
    """Whether a module is where requests, the queue or operators come in: it may read the clock."""
    parts = module.split("/")
    doors = {
        "views",
        "management",
        "tasks.py",
        "api.py",
        "templatetags",
        "forms",
        "forms.py",
        "filters.py",
        "signin.py",
    }
    return parts[0] == "config" or bool(doors & set(parts))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the text of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node
