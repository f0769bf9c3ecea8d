"""How the controls of forms are drawn: single ones here, what puts them together in templates/django/forms.

A page that asks much draws dozens of them, and a template for each (with one for its attributes, and one for each
option of a list) takes most of the time. They read as Django's own templates write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from django.forms.renderers import TemplatesSetting

INPUTS = ("input", "hidden", "text", "email", "number", "password", "url", "tel", "search", "color", "date", "datetime",
          "time", "checkbox")  # fmt: skip


def _text(value: Any) -> str:
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))


def _attributes(given: Mapping[str, Any]) -> str:
    said = ((name, value) for name, value in given.items() if value is not False)
    return "".join(f" {name}" if value is True else f' {name}="{_text(value)}"' for name, value in said)


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return f'<input type="{widget["type"]}" name="{_text(widget["name"])}"{value}{_attributes(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    return (
        f'<textarea name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>\n'
        f"{_text(widget['value'] or '')}</textarea>"
    )


def _option(option: Mapping[str, Any]) -> str:
    """One choice of several; with `wrap_label`, inside its label."""
    if not option.get("wrap_label"):
        return _input(option)
    of = f' for="{_text(option["attrs"]["id"])}"' if option["attrs"].get("id") else ""
    return f"<label{of}>{_input(option)} {_text(option['label'])}</label>"


def _select(widget: Mapping[str, Any]) -> str:
    groups = "".join(_group(name, options) for name, options, _ in widget["optgroups"])
    return f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>{groups}</select>'


def _group(name: Any, options: list[Mapping[str, Any]]) -> str:
    lines = "".join(
        f'<option value="{_text(one["value"])}"{_attributes(one["attrs"])}>{_text(one["label"])}</option>'
        for one in options
    )
    return f'<optgroup label="{_text(name)}">{lines}</optgroup>' if name else lines


DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    f"django/forms/widgets/{name}.html": draw
    for name, draw in (
        *((name, _input) for name in INPUTS),
        ("textarea", _textarea),
        ("select", _select),
        ("radio_option", _option),
        ("checkbox_option", _option),
    )
}


class Controls(TemplatesSetting):
    """Draws forms."""

    def render(self, template_name: str, context: Any, request: Any = None) -> str:
        draw = DRAWN.get(template_name)
        return draw(context["widget"]) if draw else super().render(template_name, context, request)
