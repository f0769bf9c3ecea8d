"""The tags that every page is written with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template

from accounts.words import Card, Due, Mark

NOW = datetime(2026, 7, 16, 16, 42, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load house %}" + source).render(Context(context))


def test_a_status_has_its_tone_its_icon_and_its_words():
    html = render("{% pill mark %}", mark=Mark("Waiting for parts", "wait", "package"))
    assert 'class="pill" data-tone="wait"' in html
    assert "#i-package" in html
    assert "Waiting for parts" in html


def test_words_from_people_are_escaped():
    assert "<script>" not in render("{% pill mark %}", mark=Mark("<script>", "bad", ""))
    assert "<b>" not in render("{% avatar name %}{% st name %}", name="<b>x")


def test_a_short_priority_still_says_its_word_to_readers():
    assert '<span class="sr"> Urgent</span>' in render("{% prio 2 short=True %}")


@pytest.mark.parametrize(
    ("state", "tone"), [("risk", "wait"), ("late", "bad"), ("paused", "off"), ("met", "done"), ("missed", "bad")]
)
def test_a_due_time_takes_the_tone_of_its_state(state, tone):
    html = render("{% due chip boxed=True %}", chip=Due("47 min", state, 20))
    assert f'class="sla sla-c" data-tone="{tone}" data-state="{state}"' in html


def test_a_running_due_time_has_a_ring_and_no_tone():
    html = render("{% due chip %}", chip=Due("3 h 25 m left", "ok", 86))
    assert "data-tone" not in html
    assert 'stroke-dasharray="86 100"' in html


def test_without_a_due_time_nothing_is_shown():
    assert render("{% due chip %}", chip=None) == ""


def test_too_few_jobs_have_no_score():
    assert "<b>" not in render("{% score points %}", points=None)


def test_no_amount_is_no_text_and_not_zero():
    assert render("{{ amount|money }}", amount=None) == ""
    assert render("{{ amount|money:'USD' }}", amount=Decimal("0")) == "$0.00"


def test_a_length_does_not_break_over_lines():
    assert render("{{ length|span }}", length=timedelta(hours=3, minutes=25)) == "3\xa0h\xa025\xa0m"


def test_a_time_says_its_zone_on_hover_and_follows_the_present_of_the_page():
    html = render("{% when at tz='America/Los_Angeles' %}", at=NOW - timedelta(hours=2), now=NOW)
    assert html == '<time datetime="2026-07-16T07:42-07:00" title="Thu 16 Jul 2026, 07:42 PDT">07:42</time>'


def test_a_notice_answers_or_takes_the_focus_when_told_to():
    html = render("{% notice 'done' live=True focus=True id='checkin' %}<p>Checked in</p>{% endnotice %}")
    assert 'id="checkin" role="status" tabindex="-1" data-focus' in html
    assert "<p>Checked in</p>" in html


class Report(forms.Form):
    problem = forms.ChoiceField(
        choices=[("warm", Card("Too warm", help="Product at risk", icon="snowflake")), ("ice", "Ice")],
        widget=forms.RadioSelect(attrs={"data-look": "cards"}),
    )
    amount = forms.DecimalField(
        label="Limit",
        help_text="Before tax.",
        error_messages={"invalid": "Enter an amount in dollars, like 1200.00"},
        widget=forms.TextInput(attrs={"data-prefix": "$", "placeholder": "0.00"}),
    )
    note = forms.CharField(required=False)


def test_a_field_has_label_help_fault_and_control_in_that_order():
    form = Report({"amount": "twelve hundred"})
    html = form["amount"].as_field_group()
    order = [html.index(part) for part in ("Limit</label>", "Before tax.", "like 1200.00", "<input")]
    assert order == sorted(order)
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in html
    assert 'id="id_amount_helptext"' in html
    assert 'id="id_amount_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="twelve hundred"' in html


def test_optional_is_said_and_a_placeholder_never_stands_for_a_label():
    form = Report()
    assert "<small>optional</small>" in form["note"].as_field_group()
    assert "optional" not in form["amount"].as_field_group()
    assert "placeholder" not in form["amount"].as_field_group()


class Sift(forms.Form):
    words = forms.CharField(required=False)
    state = forms.ChoiceField(choices=[("", "Any state"), ("on", "On")], required=False)


class Wish(Sift):
    name = forms.CharField()


def test_where_nothing_is_required_nothing_is_called_optional():
    assert "optional" not in Sift().as_div()


def test_a_choice_that_always_has_an_answer_is_not_called_optional():
    assert "optional" not in Wish()["state"].as_field_group()
    assert "optional" in Wish()["words"].as_field_group()


def test_choices_become_cards_with_help_and_icon():
    html = Report()["problem"].as_field_group()
    assert html.count('class="opt"') == 2
    assert "<small>Product at risk</small>" in html
    assert "#i-snowflake" in html
    assert "<fieldset" in html


def test_the_error_summary_links_each_fault_to_its_field_and_names_a_silent_one():
    form = Report({"amount": "x"})
    html = render("{% include 'parts/errors.html' %}", form=form)
    assert '<a href="#id_problem">Problem: This field is required.</a>' in html
    assert '<a href="#id_amount">Enter an amount in dollars, like 1200.00</a>' in html
    assert 'role="alert"' in html
    assert "There is a problem" not in render("{% include 'parts/errors.html' %}", form=Report())


def test_every_anchor_of_the_summary_exists_in_the_form():
    form = Report({"amount": "x"})
    fields = form.as_div()
    assert 'id="id_problem"' in fields
    assert 'id="id_amount"' in fields
