"""Whoever starts or stops working for a vendor gets a new access version."""

from django.db import migrations

from accounts.ledger import access_sql, undo_access_sql

HOLDER = "id = (SELECT user_id FROM accounts_membership WHERE id = row.membership_id)"


class Migration(migrations.Migration):
    dependencies = [("vendors", "0001_initial"), ("accounts", "0002_ledger")]

    operations = [
        migrations.RunSQL(access_sql("vendors_vendorscope", HOLDER), undo_access_sql("vendors_vendorscope")),
    ]
