"""The tree keeps its own paths, and whoever's access changes gets a new access version."""

from django.db import migrations

from accounts.ledger import access_sql, undo_access_sql

TREE = """
CREATE FUNCTION assets_region_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above text := '';
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT path INTO above FROM assets_region WHERE id = NEW.parent_id;
        IF TG_OP = 'UPDATE' AND position(OLD.path in above) = 1 THEN
            RAISE EXCEPTION 'A region cannot lie below itself.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.path := above || NEW.id || '.';
    RETURN NEW;
END $$;
CREATE FUNCTION assets_region_below() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.path IS DISTINCT FROM OLD.path THEN
        UPDATE accounts_user SET access_version = access_version + 1;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.path IS DISTINCT FROM OLD.path THEN
        UPDATE assets_region SET parent_id = parent_id WHERE parent_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assets_region_path BEFORE INSERT OR UPDATE OF parent_id, path ON assets_region
    FOR EACH ROW EXECUTE FUNCTION assets_region_path();
CREATE TRIGGER assets_region_below AFTER INSERT OR UPDATE OR DELETE ON assets_region
    FOR EACH ROW EXECUTE FUNCTION assets_region_below();
"""
UNDO_TREE = """
DROP TRIGGER assets_region_below ON assets_region;
DROP TRIGGER assets_region_path ON assets_region;
DROP FUNCTION assets_region_below();
DROP FUNCTION assets_region_path();
"""
SCOPES = ("assets_regionscope", "assets_sitescope", "assets_tradescope")
HOLDER = "id = (SELECT user_id FROM accounts_membership WHERE id = row.membership_id)"


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial"), ("accounts", "0002_ledger")]

    operations = [
        migrations.RunSQL(TREE, UNDO_TREE),
        *(migrations.RunSQL(access_sql(table, HOLDER), undo_access_sql(table)) for table in SCOPES),
    ]
