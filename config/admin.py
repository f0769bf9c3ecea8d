"""What the operator's window does not show."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

# A schedule takes any dotted path: whoever may edit one may run anything.
admin.site.unregister([Failure, OrmQ, Schedule, Success])
