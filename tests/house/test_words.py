"""Names, sizes and left-overs."""

import ast
import re

import pytest

from tests.house.reading import FLOORS, ROOT, modules, name

NEVER = {"utils", "util", "helpers", "helper", "common", "core", "services", "service", "managers", "misc", "lib"}
SET_UP = ("manage.py", "pyproject.toml", "run", "Dockerfile", "compose.yaml", "requirements")
READING = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md")
TOP_LEVEL = {*SET_UP, *READING, *FLOORS, "templates", "static", "tests", "docs", "var", "staticfiles"}
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SKIPPED = re.compile(r"pytest\.(mark\.)?(skip|xfail|skipif)|unittest\.skip")
GENERATED_OR_FOREIGN = ("requirements/", "docs/data-dictionary.md", "static/vendor/", "tests/browser/axe")
LONGEST = 500


def written_by_us():
    for folder in (*FLOORS, "templates", "static", "tests", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            ours = "migrations" not in path.parts and not name(path).startswith(GENERATED_OR_FOREIGN)
            if ours and path.suffix in {".py", ".html", ".css", ".js", ".md"}:
                yield path


def test_no_module_has_a_name_that_says_nothing():
    wrong = [module for module in modules() if NEVER & set(module.removesuffix(".py").split("/"))]
    assert wrong == []


def test_no_file_is_longer_than_one_sitting():
    long = {name(path): lines for path in written_by_us() if (lines := path.read_text().count("\n")) > LONGEST}
    assert long == {}


def test_nothing_is_left_for_later():
    wrong = [name(path) for path in written_by_us() if path.suffix != ".md" and LEFT_OVER.search(path.read_text())]
    assert [module for module in wrong if module != "tests/house/test_words.py"] == []


def test_no_test_is_skipped():
    wrong = [name(path) for path in (ROOT / "tests").rglob("test_*.py") if SKIPPED.search(path.read_text())]
    assert [module for module in wrong if module != "tests/house/test_words.py"] == []


def test_the_top_level_holds_only_what_the_map_says():
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - TOP_LEVEL == set()


def test_every_module_says_what_its_room_is_for():
    rooms = {"models", "views"}
    quiet = [
        module
        for module, tree in modules().items()
        if tree.body
        and not ast.get_docstring(tree)
        and not module.endswith(("/apps.py", "/urls.py"))
        and not (module.endswith("__init__.py") and rooms & set(module.split("/")))
    ]
    assert quiet == []


@pytest.mark.parametrize("word", ["cancelled", "authorisation", "labour", "licence", "colour-"])
def test_the_spelling_is_american(word):
    wrong = [
        name(path)
        for path in written_by_us()
        if path.suffix in {".py", ".html"} and word in path.read_text().lower() and "tests" not in path.parts
    ]
    assert wrong == []
