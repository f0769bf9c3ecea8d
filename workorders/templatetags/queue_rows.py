"""The rows of the queue, made in Python: fifty of them are most of the page, so they are terse and quick.

End tags that HTML lets a table leave out are left out, and attributes stand without quotes where they may. What
people wrote is escaped where it is put into a row; the rest is markup of this module.
"""

from functools import cache, lru_cache
from html import escape

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.templatetags.house import DUE_LOOKS, PRIORITIES
from accounts.words import Due, Mark
from assets.models import Priority
from workorders.labels import HOLD_ICONS, MARKS, TIME_PROPOSED
from workorders.queue import Group, Line, said

register = template.Library()

ICONS = {
    *(mark.icon for mark in (*PRIORITIES.values(), *MARKS.values())),
    *HOLD_ICONS.values(),
    TIME_PROPOSED.icon,
    *(icon for _, icon in DUE_LOOKS.values() if icon),
    "copy", "rotate-ccw", "undo-2",
}  # fmt: skip
"""Every icon that a row may show."""

SHORT = {name: f"q{place}" for place, name in enumerate(sorted(ICONS))}
"""What each is called on the page: it is said a hundred times."""

RING = 12
"""Steps of the ring that shows the share of time left; each is drawn once per page."""

ROW = (
    "<tr id=r{pk} data-v={version}><td><input type=checkbox name=wo value={pk} aria-label={number}>"
    "<td>{prio}<th scope=row><a href={url}>{title}</a><span class=sub>{mark}{number} · {site} · {trade}</span>"
    "<td>{status}<td>{due}<td>{vendor}<td>{amount}"
)


TWIN = "<b data-tone=wait>Duplicate?</b> · "


@register.simple_tag
def row_drawings() -> SafeString:
    """The rings and icons of the rows, drawn once per page and referred to by short names."""
    return _drawings(static("icons.svg"))


@cache
def _drawings(sprite: str) -> SafeString:
    steps = format_html_join(
        "",
        '<symbol class=rings id=g{} viewBox="0 0 36 36"><circle cx=18 cy=18 r=15 />'
        '<circle cx=18 cy=18 r=15 pathLength=100 stroke-dasharray="{} 100" /></symbol>',
        ((step, round(step * 100 / RING)) for step in range(RING + 1)),
    )
    icons = format_html_join(
        "",
        '<symbol id={} viewBox="0 0 24 24"><use href="{}#i-{}" /></symbol>',
        ((short, sprite, name) for name, short in SHORT.items()),
    )
    return format_html('<svg class="sr" aria-hidden="true">{}{}</svg>', steps, icons)


@register.simple_tag
def queue_rows(groups: list[Group], counts: dict[str, int], order: str = "due") -> SafeString:
    """Every row under its heading; sorted by what waiting costs, the rows say that in front of when they are due."""
    base, cost = _base(), order == "cost"
    return SafeString("".join(_group(group, counts, base, cost) for group in groups))


@register.simple_tag
def queue_row(line: Line, order: str = "due") -> SafeString:
    """One row by itself, which the page puts into the place of the old one."""
    return SafeString(_row(line, _base(), order == "cost"))


def _base() -> str:
    return reverse("workorders:order", args=["0"]).removesuffix("0")


def _group(group: Group, counts: dict[str, int], base: str, cost: bool) -> str:
    rows = "\n".join(_row(line, base, cost) for line in group.lines)
    if not group.label:
        return rows
    tone = f' data-tone="{group.tone}"' if group.tone else ""
    count = said(counts.get(f"group:{group.name}", len(group.lines)))
    return (
        f"<tr class=grp><th colspan=7 scope=rowgroup{tone}><span class=tone>{group.label}</span>"
        f" <span class=count id=g-{group.name}>{count}</span>\n{rows}\n"
    )


def _row(line: Line, base: str, cost: bool) -> str:
    number, due = escape(line.number), _due(line.due)
    return ROW.format(
        pk=line.pk,
        version=line.version,
        number=number,
        url=base + number,
        title=escape(line.title),
        site=escape(line.site),
        trade=escape(line.trade),
        mark=TWIN if line.may_repeat else "",
        prio=_prio(line.priority),
        status=_status(line.mark),
        due=escape(line.cost) if cost else due,
        vendor=escape(line.vendor or ""),
        amount=due if cost else escape(line.nte),
    )


# Few of each are on a page of fifty rows, so each is drawn once.


@cache
def _prio(priority: int) -> SafeString:
    look = PRIORITIES[priority]
    kind = format_html('"prio {}"', "prio-1") if priority == Priority.P1 else "prio"  # only the most urgent has a look
    return format_html("<span class={}{}>{}P{}</span>", kind, _tone(look.tone), _icon(look.icon), priority)


@lru_cache(maxsize=256)
def _status(mark: Mark) -> SafeString:
    return format_html("<span class=st{}>{}{}</span>", _tone(mark.tone), _icon(mark.icon), mark.label)


@cache
def _tone(tone: str) -> SafeString | str:
    """Grey is the tone of the whole table and is not said again."""
    return format_html(" data-tone={}", tone) if tone not in ("", "off") else ""


@cache
def _icon(name: str) -> SafeString:
    return format_html("<svg class=i><use href=#{} /></svg>", SHORT[name])


def _due(due: Due | None) -> str:
    if due is None:
        return ""
    tone, name = DUE_LOOKS[due.state]
    drawn = _icon(name) if name else _ring(round(due.left * RING / 100))
    return f"<span class=sla{_tone(tone)}>{drawn}{escape(due.label)}</span>"


@cache
def _ring(step: int) -> SafeString:
    return format_html("<svg class=ring><use href=#g{} /></svg>", step)
