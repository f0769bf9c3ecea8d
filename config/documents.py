"""The tables of the product as pages of the docs, written from the code and held equal to it by a test.

To add a page: write a function that returns its text and name it in PAGES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import get_resolver

from accounts.guards import PUBLIC
from accounts.models.role import Role
from accounts.outbox import ledgers
from accounts.permissions import EVERYBODY, GRANTS, LINK_GRANTS, SYSTEM_GRANTS, Act, acts_of
from accounts.thresholds import Threshold
from config.checks import OURS, THIRD_PARTY, third_party, views
from config.schedule import SCHEDULE
from config.thresholds import every_threshold
from config.variables import TABLE
from workorders.models.status import RULES, Status

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = "<!-- Written by ./run manage docs from the code. Do not edit. -->"


def page(title: str, says: str, *parts: str) -> str:
    return "\n\n".join([WRITTEN, f"# {title}", says, *parts]) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


# Settings


def settings_page() -> str:
    rows = [
        (code(variable.name), variable.kind, code(variable.default) or "–", variable.says)
        for variable in sorted(TABLE.values(), key=lambda variable: variable.name)
    ]
    return page(
        "Settings",
        "Each is an environment variable. A value that cannot be used stops the start with its name and a hint.",
        table(("Variable", "Value", "When left out", "What for"), rows),
    )


# Thresholds


def thresholds_page() -> str:
    rows = [
        (known.label, _shown(known.default), known.unit, _bounds(known), code(known.name))
        for known in sorted(every_threshold().values(), key=lambda known: known.name)
    ]
    return page(
        "Thresholds",
        "Numbers that the business sets: an administrator changes them in the product, each change with who and when.",
        table(("What", "Default", "Unit", "Bounds", "Name"), rows),
    )


WITHOUT_END = 1_000_000  # what a threshold may be when nobody gave it a bound


def _shown(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _bounds(known: Threshold) -> str:
    if isinstance(known.default, bool):
        return ""
    return f"{known.minimum:g} to {known.maximum:g}" if known.maximum < WITHOUT_END else f"{known.minimum:g} or more"


# What happens by itself


def how_often(every: timedelta) -> str:
    minutes = int(every.total_seconds() // 60)
    for length, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes % length == 0:
            count = minutes // length
            return f"every {word}" if count == 1 else f"every {count} {word}s"
    raise ValueError(every)


def schedule_page() -> str:
    rows = [
        (code(job.name), how_often(job.every), job.says, ", ".join(map(code, job.feeds)) or "–", code(job.task))
        for job in SCHEDULE
    ]
    return page(
        "What happens by itself",
        "The jobs of `manage.py worker`, in the order in which `manage.py tick` runs them. Each is safe to run twice."
        " A job that did something asks at once for those it feeds.",
        table(("Job", "How often", "What it does", "Feeds", "Task"), rows),
    )


# What follows an event


def follows_page() -> str:
    parts = []
    for name, ledger in sorted(ledgers().items()):
        rows = [(code(verb), *_reactions(reactions)) for verb, reactions in sorted(ledger.follows.items())]
        parts += [f"## Events of `{name}`", table(("Event", "Reactions, in order", "What they do"), rows)]
    return page(
        "What happens next",
        "Each event and the reactions that follow it, once, after the fact. An event that is missing here is history"
        " only. `*` follows every event of its table.",
        *parts,
    )


def _reactions(reactions: Iterable[Callable[..., None]]) -> tuple[str, str]:
    """Their names, and their own first sentences."""
    listed = list(reactions)
    names = ", ".join(code(f"{one.__module__}.{one.__name__}") for one in listed)
    says = " ".join(" ".join((one.__doc__ or "").split("\n\n")[0].split()) for one in listed)
    return names, says.strip() or "–"


# The life of a work order


def rules_page() -> str:
    def names(statuses: frozenset[Status]) -> str:
        return ", ".join(status.label for status in Status if status in statuses) or "–"

    rows = [
        (code(move.value), rule.label, names(rule.before), names(rule.after), rule.act.value, code(rule.verb))
        for move, rule in RULES.items()
    ]
    arrows = sorted(
        {
            f"    {before.value} --> {after.value} : {move.value}"
            for move, rule in RULES.items()
            for before in rule.before
            for after in rule.after
        }
    )
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> new : report", *arrows, "```"])
    return page(
        "The life of a work order",
        "Every move, from which status to which, and the act that a person's role must grant.",
        table(("Move", "Button", "From", "To", "Act", "Event"), rows),
        diagram,
    )


# Who may do what, and who gets in where


def grants_page() -> str:
    rows = [
        (
            act.value,
            *("yes" if act in GRANTS[role] or act in EVERYBODY else "" for role in Role),
            _yes(act in LINK_GRANTS),
            _yes(act in SYSTEM_GRANTS),
        )
        for act in Act
    ]
    return page(
        "Who may do what",
        "Acts by role. Where a role applies (which sites, which vendor) is decided by each person's scope.",
        table(("Act", *(role.label for role in Role), "Mailed link to one job", "By itself"), rows),
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


def doors() -> list[dict[str, Any]]:
    """Every address of ours: its name, the act its guard asks for, and the roles that hold it."""
    found = []
    for address, view in views(get_resolver().url_patterns):
        if third_party(view):
            continue
        act = getattr(view, "guard", None)
        public = act == PUBLIC
        roles = [] if public else [role.value for role in Role if act in acts_of(frozenset({role})) | EVERYBODY]
        found.append(
            {
                "address": f"/{address}",
                "view": f"{view.__module__}.{view.__name__}",
                "act": "" if public else str(act),
                "public": public,
                "roles": roles,
            }
        )
    return found


def _who(roles: list[str]) -> str:
    return "every role" if len(roles) == len(Role) else ", ".join(Role(role).label for role in roles)


def doors_page() -> str:
    rows = [
        (
            code(door["address"]),
            "anybody" if door["public"] else door["act"],
            _who(door["roles"]),
        )
        for door in doors()
    ]
    others = [(code(module + "*"), why) for module, why in THIRD_PARTY.items()]
    return page(
        "Doors",
        "Every address, the act its guard asks for, and the roles that hold it. Out of a person's scope is a 404.",
        table(("Address", "Act", "Roles"), rows),
        "Views of libraries, and why they need no guard of ours:",
        table(("Module", "Why"), others),
    )


# What is stored


def dictionary() -> list[dict[str, Any]]:
    """Every table of ours with its columns and the rules that the database keeps about them."""
    return [
        {
            "table": model._meta.db_table,
            "model": model._meta.label,
            "says": " ".join((model.__doc__ or "").split()),
            "columns": [_column(field) for field in model._meta.local_concrete_fields],
            "rules": [constraint.name for constraint in model._meta.constraints],
        }
        for app in OURS
        for model in apps.get_app_config(app).get_models()
    ]


def _column(field: models.Field[Any, Any]) -> dict[str, Any]:
    target = field.related_model
    return {
        "name": field.column,
        "kind": field.get_internal_type(),
        "empty": (field.null or field.blank) and not field.primary_key,
        "points_to": target._meta.label if isinstance(target, type) else "",
        "choices": [str(value) for value, _ in field.flatchoices],
        "says": str(field.help_text),
    }


def dictionary_page() -> str:
    parts = []
    for entry in dictionary():
        rows = [
            (
                code(column["name"]),
                column["kind"] + (f" to {column['points_to']}" if column["points_to"] else ""),
                _yes(column["empty"]),
                column["says"] or ", ".join(column["choices"]),
            )
            for column in entry["columns"]
        ]
        rules = "Kept by the database: " + ", ".join(code(rule) for rule in entry["rules"]) + "."
        parts += [f"## {entry['model']}", entry["says"], table(("Column", "Kind", "May be empty", "Says"), rows)]
        parts += [rules] if entry["rules"] else []
    return page("Data dictionary", "Every table, what one row is in the world, and its columns.", *parts)


PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    "docs/thresholds.md": thresholds_page,
    "docs/schedule.md": schedule_page,
    "docs/rules.md": rules_page,
    "docs/grants.md": grants_page,
    "docs/follows.md": follows_page,
    "docs/doors.md": doors_page,
    "docs/data-dictionary.md": dictionary_page,
}


def stale() -> list[str]:
    """The pages whose file does not say what the code says."""
    return [path for path, write in PAGES.items() if not _says(ROOT / path, write())]


def _says(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text
