"""The words and marks of the house in templates: icons, status, priority, due time, amounts, times, fields.

Marks are made in Python, not by include: a queue page shows hundreds of them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms, template
from django.forms import BoundField
from django.template.defaultfilters import linebreaks_filter
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts import words
from accounts.words import Due, Mark

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"
EMPTY = mark_safe("")

NOTICE_ICONS = {
    "done": "circle-check",
    "wait": "triangle-alert",
    "bad": "circle-alert",
    "us": "info",
    "vendor": "info",
    "off": "info",
}
PRIORITIES = {
    1: Mark("Emergency", "bad", "siren"),
    2: Mark("Urgent", "wait", "prio-2"),
    3: Mark("Standard", "off", "prio-3"),
    4: Mark("Low", "off", "prio-4"),
}
DUE_LOOKS = {
    "ok": ("", ""),
    "risk": ("wait", ""),
    "late": ("bad", "circle-alert"),
    "paused": ("off", "circle-pause"),
    "met": ("done", "circle-check"),
    "missed": ("bad", "circle-x"),
}
CHOICES = frozenset({"cards", "rows", "tiles", "checks"})
CALL = '<strong class="tone" data-tone="accent">{}</strong>'
MESSAGE_TONES = {"success": "done", "info": "done", "debug": "off", "warning": "wait", "error": "bad"}


# Marks are few and shown often: each is written once and remembered.
remembered = lru_cache(maxsize=1024)


@register.simple_tag
@remembered
def icon(name: str, size: str = "") -> SafeString:
    """One icon of the sprite, hidden from readers. Sizes: none (16 px), "lg" (20 px), "xl" (28 px)."""
    if not name:
        return EMPTY
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" i-{size}" if size else "",
        static("icons.svg"),
        name,
    )


@remembered
def _ring(left: int) -> SafeString:
    return format_html(
        '<svg class="ring" viewBox="0 0 36 36" aria-hidden="true"><circle cx="18" cy="18" r="15"/>'
        '<circle cx="18" cy="18" r="15" pathLength="100" stroke-dasharray="{} 100"/></svg>',
        max(0, min(100, int(left))),
    )


def _mark(what: str | Mark, tone: str, name: str) -> Mark:
    return what if isinstance(what, Mark) else Mark(str(what), tone, name)


@register.simple_tag
@remembered
def pill(what: str | Mark, tone: str = "off", icon_name: str = "") -> SafeString:
    """A status in a header: {% pill order.mark %} or {% pill "Blocked" "bad" "lock" %}."""
    mark = _mark(what, tone, icon_name)
    return format_html('<span class="pill" data-tone="{}">{}{}</span>', mark.tone, icon(mark.icon), mark.label)


@register.simple_tag
@remembered
def st(what: str | Mark, tone: str = "off", icon_name: str = "") -> SafeString:
    """The quiet form of a status, for tables and lists."""
    mark = _mark(what, tone, icon_name)
    return format_html('<span class="st" data-tone="{}">{}{}</span>', mark.tone, icon(mark.icon), mark.label)


@register.simple_tag
@remembered
def prio(level: int, label: str = "", short: bool = False) -> SafeString:
    """A priority, 1 to 4: {% prio order.priority %}; short=True shows only "P1", with the word for readers."""
    mark = PRIORITIES[int(level)]
    return format_html(
        '<span class="prio prio-{}" data-tone="{}">{}<span>P{}<span class="{}"> {}</span></span></span>',
        level,
        mark.tone,
        icon(mark.icon),
        level,
        "sr" if short else "lbl",
        label or mark.label,
    )


@register.simple_tag
def due(what: Due | None, boxed: bool = False) -> SafeString:
    """A due time with its ring: {% due order.due %}; boxed=True in headers and cards."""
    if what is None:
        return EMPTY
    tone, name = DUE_LOOKS[what.state]
    return format_html(
        '<span class="sla{}"{} data-state="{}">{}<span>{}</span></span>',
        " sla-c" if boxed else "",
        format_html(' data-tone="{}"', tone) if tone else EMPTY,
        what.state,
        icon(name) if name else _ring(what.left),
        what.label,
    )


@register.simple_tag
def score(points: int | None, size: str = "", good: int = 80, fair: int = 60) -> SafeString:
    """A score of 0 to 100 in a ring; size="lg" for the head of a scorecard. None has no ring: too few jobs."""
    if points is None:
        return format_html('<span class="score" data-tone="off">{}</span>', icon("flask-conical", "lg"))
    tone = "done" if points >= good else "wait" if points >= fair else "bad"
    return format_html(
        '<span class="score{}" data-tone="{}">{}<b>{}</b></span>',
        f" score-{size}" if size else "",
        tone,
        _ring(points),
        points,
    )


@register.simple_tag
def avatar(name: str, tone: str = "") -> SafeString:
    """The round mark of a person; the name itself stands beside it."""
    return format_html(
        '<span class="av"{} aria-hidden="true">{}</span>',
        format_html(' data-tone="{}"', tone) if tone else EMPTY,
        words.initials(name),
    )


@register.simple_tag
def delta(text: str, better: bool | None = None, up: bool = True) -> SafeString:
    """A change against before: green is better, red is worse, the arrow is up or down."""
    tone = "off" if better is None else "done" if better else "bad"
    return format_html(
        '<span class="delta" data-tone="{}">{}{}</span>', tone, icon("trending-up" if up else "trending-down"), text
    )


# Amounts, times and lengths


@register.filter
def money(amount: Decimal | None, currency: str = "USD") -> str:
    """{{ order.nte_amount|money:order.currency }}; nothing for no amount."""
    return "" if amount is None else words.money(Decimal(amount), currency or "USD")


@register.filter
def money_short(amount: Decimal | None, currency: str = "USD") -> str:
    """For charts and tiles only: "$318k"."""
    return "" if amount is None else words.money_short(Decimal(amount), currency or "USD")


@register.filter
def span(length: timedelta | None) -> str:
    """{{ visit.length|span }}: "3 h 25 m", kept on one line."""
    return "" if length is None else words.span(length).replace(" ", NO_BREAK)


def _calling(text: str, calls: Sequence[str]) -> str:
    """A message in which whoever is called stands out."""
    if not calls:
        return text
    parts = re.split(f"({'|'.join(map(re.escape, sorted(calls, key=len, reverse=True)))})", text)
    said = (format_html(CALL, part) if part in calls else part for part in parts)
    return format_html_join("", "{}", ((part,) for part in said))


@register.filter
def distance(meters: int | None, country: str) -> str:
    """{{ visit.in_distance_m|distance:site.country }}: "125 ft", kept on one line."""
    return "" if meters is None else words.distance(meters, country).replace(" ", NO_BREAK)


@register.filter
def initials(name: str) -> str:
    return words.initials(str(name or ""))


def _zone(tz: str | tzinfo | None) -> tzinfo:
    if not tz:
        return timezone.get_current_timezone()
    return ZoneInfo(tz) if isinstance(tz, str) else tz


def _now(context: Mapping[str, Any]) -> datetime:
    """The present of the page: what the view gave as `now`, so that a page never disagrees with itself."""
    given = context.get("now")
    return given if isinstance(given, datetime) else timezone.now()


@register.simple_tag(takes_context=True)
def when(
    context: Mapping[str, Any],
    instant: datetime | None,
    tz: str | tzinfo | None = None,
    also_ago: bool = False,
    full: bool = False,
    with_hour: bool = False,
) -> SafeString:
    """{% when order.reported_at tz=site.time_zone %}: the short form, the full one with its zone on hover; full=True
    where it is read on another day than it is made, as on paper, with_hour=True for when somebody must be there."""
    if instant is None:
        return EMPTY
    zone, now = _zone(tz), _now(context)
    text = words.moment(instant, zone) if full else words.when(instant, zone, now, with_hour=with_hour)
    if also_ago:
        text = f"{text}, {words.ago(instant, now)}"
    return _time(instant, zone, text)


@register.simple_tag(takes_context=True)
def ago(context: Mapping[str, Any], instant: datetime | None, tz: str | tzinfo | None = None) -> SafeString:
    """{% ago notice.created_at %}: "18 min ago", the full moment on hover."""
    if instant is None:
        return EMPTY
    return _time(instant, _zone(tz), words.ago(instant, _now(context)))


def _time(instant: datetime, zone: tzinfo, text: str) -> SafeString:
    local = instant.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        words.moment(instant, zone),
        text,
    )


# A timeline's entries: a page shows fifty

HAPPENED = '<li><span class="ic"{}>{}</span><p class="ev"><span>{}{}</span>{}</p></li>'
SAID = (
    '<li{}><span class="av ic"{} aria-hidden="true">{}</span><article class="msg{}"><header class="row g2"><b>{}</b>{}'
    '<span class="push">{}</span></header><div class="prose">{}</div>{}</article></li>'
)
INSIDE = mark_safe(' class="no-p"')


@remembered
def _toned(tone: str) -> SafeString:
    return format_html(' data-tone="{}"', tone) if tone else EMPTY


@register.simple_tag(takes_context=True)
def happened(
    context: Mapping[str, Any], who: str, what: str, at: datetime, icon_name: str, tone: str, tz: str | tzinfo | None
) -> SafeString:
    """One fact of a timeline: who did what and when."""
    doer = format_html("<b>{}</b> ", who) if who else EMPTY
    return format_html(HAPPENED, _toned(tone), icon(icon_name or "circle-dot"), doer, what, when(context, at, tz))


@register.simple_block_tag(takes_context=True)
def said(
    context: Mapping[str, Any], content: str, who: str, text: str, at: datetime, tag: str, tag_icon: str,
    calls: Sequence[str], tone: str, inside: bool, tz: str | tzinfo | None,
) -> SafeString:  # fmt: skip
    """One message of a timeline, with whom it is for and what was sent with it; who is called in it stands out."""
    return format_html(
        SAID,
        INSIDE if inside else EMPTY,
        _toned(tone),
        words.initials(who),
        " msg-in" if inside else "",
        who,
        _tagged(tag, tag_icon) if tag else EMPTY,
        when(context, at, tz),
        linebreaks_filter(_calling(text, calls)),
        content,
    )


@remembered
def _tagged(tag: str, tag_icon: str) -> SafeString:
    return format_html('<span class="tag">{}{}</span>', icon(tag_icon), tag)


# Containers


@register.simple_block_tag
def notice(
    content: str, tone: str = "off", icon_name: str = "", live: bool = False, focus: bool = False, id: str = ""
) -> SafeString:
    """{% notice "wait" %}<p>…</p>{% endnotice %}: live=True answers an action, focus=True takes the focus."""
    return format_html(
        '<div class="notice" data-tone="{}"{}{}{}>{}{}</div>',
        tone,
        format_html(' id="{}"', id) if id else EMPTY,
        mark_safe(' role="status"') if live else EMPTY,
        mark_safe(' tabindex="-1" data-focus') if focus else EMPTY,
        icon(icon_name or NOTICE_ICONS.get(tone, "info")),
        content,
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str, kind: str = "dialog") -> SafeString:
    """{% dialog "decline" "Decline this job?" %}…{% enddialog %}, opened by a button with popovertarget="decline"."""
    return format_html(
        '<div class="{}" id="{}" popover role="dialog" aria-labelledby="{}-h"><div class="card-h"><h2 id="{}-h">{}</h2>'
        '<button class="btn btn-i btn-g push" type="button" popovertarget="{}" popovertargetaction="hide">'
        '<span class="sr">Close</span>{}</button></div>{}</div>',
        kind,
        id,
        id,
        id,
        title,
        id,
        icon("x"),
        content,
    )


@register.filter
def message_tone(tags: str) -> str:
    """The tone of one of Django's messages by its tags."""
    return next((MESSAGE_TONES[tag] for tag in (tags or "").split() if tag in MESSAGE_TONES), "done")


@register.filter
def tone_icon(tone: str) -> str:
    return NOTICE_ICONS.get(tone, "info")


# Form fields, used by templates/django/forms/


class Look(NamedTuple):
    """How one field is shown."""

    kind: str
    control: SafeString
    prefix: str
    suffix: str
    optional: bool


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        wanted = widget.attrs.get("data-look")
        return wanted if wanted in ("tiles", "cards", "rows") else "checks"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.FileInput):
        return "files"
    if isinstance(widget, forms.PasswordInput):
        return "password"
    return "plain"


@register.simple_tag
def look(field: BoundField) -> Look:
    """What field.html needs to know of a field: its kind, and its control with the classes of the house."""
    widget = field.field.widget
    kind = _kind(field)
    classes = [widget.attrs.get("class", "")]
    if kind in {"plain", "password"}:
        classes.append("in")
    attrs: dict[str, Any] = {"placeholder": False}  # the label says what it is, the help says how
    if any(classes):
        attrs["class"] = " ".join(name for name in classes if name)
    if isinstance(widget, forms.Textarea) and str(widget.attrs.get("rows", "10")) == "10":  # Django's default is a wall
        attrs["rows"] = 3
    prefix = str(widget.attrs.get("data-prefix", ""))
    suffix = str(widget.attrs.get("data-suffix", ""))
    return Look(
        kind,
        EMPTY if kind in CHOICES else field.as_widget(attrs=attrs),
        prefix,
        suffix,
        _said_optional(field),
    )


def _said_optional(field: BoundField) -> bool:
    """Only where it tells something: beside required fields, and not on a choice that always has an answer."""
    if field.field.required or not any(other.required for other in field.form.fields.values()):
        return False
    choices = getattr(field.field, "choices", ())
    first = next(iter(choices), None)
    return first is None or first[0] != "" or str(first[1]).startswith("---")


def _anchor(field: BoundField) -> str:
    """The id that a fault links to: the control, or the group of choices."""
    return field.auto_id if _kind(field) in CHOICES else field.id_for_label or field.auto_id


@register.simple_tag
def error_links(form: forms.BaseForm) -> SafeString:
    """The lines of the error summary: each fault of the form, linked to its field."""
    lines: list[tuple[str, str]] = []
    for field in form:
        untold = str(forms.Field.default_error_messages["required"])  # names no field by itself
        lines.extend(
            (_anchor(field), f"{field.label}: {error}" if str(error) == untold else str(error))
            for error in field.errors
        )
    linked = format_html_join("", '<li><a href="#{}">{}</a></li>', lines)
    whole = format_html_join("", "<li>{}</li>", ((str(error),) for error in form.non_field_errors()))
    return format_html("{}{}", whole, linked)
