"""What the operator's window does not show."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

# A schedule takes any dotted path: whoever may edit one may run anything.
admin.site.unregister([Failure, OrmQ, Schedule, Success])

# One door for everybody: lockout and the second factor hold here too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
