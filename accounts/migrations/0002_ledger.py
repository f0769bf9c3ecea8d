"""The log of events becomes a ledger, and what decides access raises the access version by itself."""

from django.db import migrations

from accounts.ledger import access_sql, ledger_sql, undo_access_sql, undo_ledger_sql

# A person switched off or on sees other things at once; a version that has been used for other facts
# is never used again.
USER_VERSION = """
CREATE FUNCTION accounts_user_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.access_version < OLD.access_version THEN
        RAISE EXCEPTION 'An access version only grows (user %).', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.is_active IS DISTINCT FROM OLD.is_active THEN
        NEW.access_version := OLD.access_version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_user_version BEFORE UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_user_version();
"""

UNDO_USER_VERSION = """
DROP TRIGGER accounts_user_version ON accounts_user;
DROP FUNCTION accounts_user_version();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(ledger_sql("accounts_logevent", "stream"), undo_ledger_sql("accounts_logevent")),
        migrations.RunSQL(
            access_sql("accounts_membership", "id = row.user_id"), undo_access_sql("accounts_membership")
        ),
        migrations.RunSQL(USER_VERSION, UNDO_USER_VERSION),
    ]
