"""Templates keep to the content security policy: nothing inline, nothing from elsewhere, nothing unescaped."""

import re

import pytest

from tests.house.reading import calls, modules, templates

FORBIDDEN = {
    "an unescaped value": re.compile(r"\|\s*safe\b|\{%\s*autoescape off|\|\s*safeseq\b"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE),
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "an inline handler": re.compile(r"\s(on[a-z]+|hx-on[:\w.-]*)\s*=", re.IGNORECASE),
    "evaluated text": re.compile(
        r"javascript:|hx-(vals|headers)\s*=\s*[\"']js:|hx-trigger\s*=\s*[\"'][^\"']*\[", re.IGNORECASE
    ),
    "a file from elsewhere": re.compile(
        r"<(script|link|img|iframe|source)\b[^>]*\b(src|href)=[\"'](https?:)?//", re.IGNORECASE
    ),
}

RIGHT = '<script src="{% static "a.js" %}" defer></script><a href="https://example.com" class="lonely">one</a>'
WRONG = {
    "an unescaped value": "{{ note | safe }}",
    "an inline script": "<script>go()</script>",
    "an inline style": '<p style="color:red">',
    "an inline handler": '<a hx-on:click="go()">',
    "evaluated text": "<a hx-vals='js:{a: 1}'>",
    "a file from elsewhere": '<link rel="stylesheet" href="//cdn.example.com/a.css">',
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_has(what):
    assert [page for page, text in templates().items() if FORBIDDEN[what].search(text)] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_would_be_found(what):
    assert FORBIDDEN[what].search(WRONG[what])
    assert not FORBIDDEN[what].search(RIGHT)


def test_marking_text_as_safe_happens_in_the_template_tags_only():
    wrong = [
        f"{module}:{call.lineno}"
        for module, tree in modules().items()
        if "/templatetags/" not in module
        for called, call in calls(tree)
        if called.rsplit(".", 1)[-1] in {"mark_safe", "SafeString"}
    ]
    assert wrong == []


def test_template_tags_mark_only_constant_text_as_safe():
    import ast

    def constant(value: ast.expr) -> bool:
        if isinstance(value, ast.Constant):
            return True
        # "".join(…) of parts that are escaped already
        return isinstance(value, ast.Call) and ast.unparse(value.func).endswith("join")

    wrong = [
        f"{module}:{call.lineno}"
        for module, tree in modules().items()
        for called, call in calls(tree)
        if called == "mark_safe" and not constant(call.args[0])
    ]
    assert wrong == []
