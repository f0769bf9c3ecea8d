"""Controls read as the templates of Django write them."""

from datetime import date

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from accounts.widgets import DRAWN, Controls

NASTY = '"><script>alert("it\'s")</script>&amp;'
CHOICES = [("", "Choose"), ("a", "A & B"), (NASTY, NASTY), ("Group", [("c", "C"), (4, "Four")])]
WIDGETS = [
    forms.TextInput({"class": "in", "required": True, "placeholder": False, "data-nasty": NASTY}),
    forms.HiddenInput(), forms.EmailInput(), forms.NumberInput({"step": 0.5}), forms.URLInput(), forms.TelInput(),
    forms.SearchInput(), forms.ColorInput(), forms.PasswordInput(render_value=True), forms.DateInput({"type": "date"}),
    forms.DateTimeInput(), forms.TimeInput(), forms.CheckboxInput({"id": "box"}), forms.Textarea({"rows": 2}),
    forms.Select({"class": "in"}, choices=CHOICES), forms.SelectMultiple(choices=CHOICES),
    forms.NullBooleanSelect(), forms.RadioSelect({"id": "of"}, choices=CHOICES),
    forms.CheckboxSelectMultiple(choices=CHOICES),
]  # fmt: skip


@pytest.mark.parametrize("value", [None, "", "a", NASTY, 4, True, ["a", "4"], date(2026, 3, 2)])
@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
def test_every_control_says_what_django_says(widget, value):
    if isinstance(value, list) and not getattr(widget, "allow_multiple_selected", False):
        value = value[0]
    told = [widget.render(NASTY, value, {"id": "x"}, renderer=made) for made in (Controls(), DjangoTemplates())]
    assert parse_html(told[0]) == parse_html(told[1])
    assert "<script>" not in told[0]


@pytest.mark.parametrize("kind", [forms.RadioSelect, forms.CheckboxSelectMultiple])
@pytest.mark.parametrize("wrap", [True, False])
def test_single_choices_are_drawn_with_and_without_their_label(kind, wrap):
    def told(made):
        form = type("OneForm", (forms.Form,), {"one": forms.ChoiceField(choices=CHOICES, widget=kind)})(renderer=made)
        return [choice.tag(wrap) for choice in form["one"]]

    assert list(map(parse_html, told(Controls()))) == list(map(parse_html, told(DjangoTemplates())))


def test_nothing_is_drawn_here_that_django_does_not_draw():
    for name in DRAWN:
        assert DjangoTemplates().get_template(name)
