"""Rules of the house that are checked at every start: who guards each address, and what a field's ending promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin
from django.core.checks import CheckMessage, Error, register
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

OURS = ("accounts", "assets", "vendors", "workorders", "reporting", "config")

THIRD_PARTY = {
    "allauth.": "signs people in and out; open by nature, and it guards its own pages",
    "django.contrib.admin.": "asks for staff at every page by itself",
    "django.contrib.auth.": "belongs to the admin's own pages",
    "django.contrib.contenttypes.": "belongs to the admin, which wraps it in its own question for staff",
    "django.views.generic.base": "the library's redirects, which show nothing",
    "ninja.": "each operation declares its own sign-in and act",
}

ENDINGS: dict[str, type[models.Field[Any, Any]]] = {
    "_amount": models.DecimalField,
    "_at": models.DateTimeField,
    "_on": models.DateField,
}


def views(patterns: Iterable[URLPattern | URLResolver], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every address with its view, in the order of the site map."""
    for pattern in patterns:
        address = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, address)
        else:
            yield address, pattern.callback


def third_party(view: Any) -> bool:
    """Whether the view comes from a library that guards itself."""
    if isinstance(getattr(view, "model_admin", None), ModelAdmin):
        return True  # the admin asks for staff at every page of a table, whoever wrote its window
    inner = getattr(view, "view_class", None) or view
    module = getattr(inner, "__module__", "") or type(inner).__module__
    return module.startswith(tuple(THIRD_PARTY))


@register()
def every_view_is_guarded(app_configs: Any, **options: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The view {view.__module__}.{getattr(view, '__name__', view)} at /{address} has no guard.",
            hint="Put @requires(act) or @public of accounts.guards on it.",
            id="mainstay.E001",
        )
        for address, view in views(get_resolver().url_patterns)
        if not hasattr(view, "guard") and not third_party(view)
    ]


@register()
def endings_keep_their_promise(app_configs: Any, **options: Any) -> list[CheckMessage]:
    return [
        Error(f"{model._meta.label}.{field.name} {problem}.", hint="See the words of the house.", id="mainstay.E002")
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.local_fields
        if (problem := broken_promise(field))
    ]


def broken_promise(field: models.Field[Any, Any]) -> str | None:
    """What is wrong with a field's name, or None. Money is Decimal, instants end in _at, local days in _on."""
    if field.is_relation or isinstance(field, models.BooleanField) or field.name == "last_login":
        return None  # a switch may be on; last_login is Django's own name
    generated = field.output_field if isinstance(field, models.GeneratedField) else None
    kind = type(generated or field)
    for ending, wanted in ENDINGS.items():
        ends = field.name.endswith(ending) or field.name == ending[1:]
        exact = issubclass(kind, wanted) and not (wanted is models.DateField and issubclass(kind, models.DateTimeField))
        if ends and not exact:
            return f"ends in {ending} but is not a {wanted.__name__}"
        if exact and not ends and wanted is not models.DecimalField:
            return f"is a {wanted.__name__} but does not end in {ending}"
    if issubclass(kind, models.FloatField) and any(word in field.name for word in ("amount", "price", "cost", "rate")):
        return "looks like money and is a float"
    return None
