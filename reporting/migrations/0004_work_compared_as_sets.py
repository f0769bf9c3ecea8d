"""Thousands of work orders that one statement changed are compared with what they were in one pass."""

from django.db import migrations

from reporting.touched import WORK_CHANGED


class Migration(migrations.Migration):
    dependencies = [("reporting", "0003_scores")]

    operations = [migrations.RunSQL(WORK_CHANGED, migrations.RunSQL.noop)]
