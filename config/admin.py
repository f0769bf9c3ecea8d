"""The operator's window: every table of ours to look at, nothing to change. Moves happen on the pages, by the rules."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

OURS = ("accounts", "assets", "vendors", "workorders", "reporting", "config")
COLUMNS = 6

# Who may look may still not come in as somebody else: no hashes, and no links that were mailed.
SECRET = {"User": ("password",), "Notice": ("path", "body")}
PLAIN = (
    models.CharField,
    models.DateField,
    models.DateTimeField,
    models.BooleanField,
    models.IntegerField,
    models.DecimalField,
)


class Window(admin.ModelAdmin):
    """One table: its plain columns in a list, a row with everything but its secrets, no buttons."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def window_on(model: type[models.Model]) -> type[Window]:
    """The window on one table."""
    secret = SECRET.get(model.__name__, ())
    columns = [field.name for field in model._meta.concrete_fields if isinstance(field, PLAIN)]
    shown = [name for name in columns if name not in secret][:COLUMNS]
    return type(f"{model.__name__}Window", (Window,), {"list_display": ["pk", *shown], "exclude": secret})


# A schedule takes any dotted path: whoever may edit one may run anything. Second factors are secrets;
# addresses and groups decide nothing here.
admin.site.unregister([Failure, OrmQ, Schedule, Success, EmailAddress, Authenticator, Group])
for label in OURS:
    for found in apps.get_app_config(label).get_models():
        admin.site.register(found, window_on(found))

# One door for everybody: lockout and the second factor hold here too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
