"""Triggers that note which days of which regions must be counted again, whoever changes the work."""

from django.db import migrations

from reporting.touched import WORK_CHANGED, dirty

TRIGGERS = f"""
CREATE FUNCTION reporting_work_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {dirty("added")}
    RETURN NULL;
END $$;
{WORK_CHANGED.strip()}
CREATE FUNCTION reporting_clock_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_dirtyday (day_on, region_id)
    SELECT DISTINCT (instant AT TIME ZONE site.time_zone)::date, w.region_id
    FROM was o JOIN now_is n USING (id)
    JOIN workorders_workorder w ON w.id = n.work_order_id JOIN assets_site site ON site.id = w.site_id
    CROSS JOIN LATERAL (VALUES (o.stopped_at), (n.stopped_at)) v (instant)
    WHERE instant IS NOT NULL AND (o.stopped_at IS DISTINCT FROM n.stopped_at OR o.due_at <> n.due_at
        OR o.state <> n.state);
    RETURN NULL;
END $$;
CREATE FUNCTION reporting_clock_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_dirtyday (day_on, region_id)
    SELECT DISTINCT (n.stopped_at AT TIME ZONE site.time_zone)::date, w.region_id
    FROM added n
    JOIN workorders_workorder w ON w.id = n.work_order_id JOIN assets_site site ON site.id = w.site_id
    WHERE n.stopped_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION reporting_invoice_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_dirtyday (day_on, region_id)
    SELECT DISTINCT (instant AT TIME ZONE site.time_zone)::date, w.region_id
    FROM was o JOIN now_is n USING (id)
    JOIN workorders_workorder w ON w.id = n.work_order_id JOIN assets_site site ON site.id = w.site_id
    CROSS JOIN LATERAL (VALUES (o.decided_at), (n.decided_at)) v (instant)
    WHERE instant IS NOT NULL AND (o.state <> n.state OR o.total_amount <> n.total_amount
        OR o.decided_at IS DISTINCT FROM n.decided_at);
    RETURN NULL;
END $$;
CREATE TRIGGER reporting_work_added AFTER INSERT ON workorders_workorder
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION reporting_work_added();
CREATE TRIGGER reporting_work_changed AFTER UPDATE ON workorders_workorder
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is FOR EACH STATEMENT EXECUTE FUNCTION reporting_work_changed();
CREATE TRIGGER reporting_clock_added AFTER INSERT ON workorders_clock
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION reporting_clock_added();
CREATE TRIGGER reporting_clock_changed AFTER UPDATE ON workorders_clock
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is FOR EACH STATEMENT EXECUTE FUNCTION reporting_clock_changed();
CREATE TRIGGER reporting_invoice_changed AFTER UPDATE ON workorders_invoice
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is FOR EACH STATEMENT EXECUTE FUNCTION reporting_invoice_changed();
"""
UNDO_TRIGGERS = "".join(
    f"DROP TRIGGER reporting_{name} ON workorders_{table}; DROP FUNCTION reporting_{name}();"
    for name, table in (
        ("invoice_changed", "invoice"),
        ("clock_changed", "clock"),
        ("clock_added", "clock"),
        ("work_changed", "workorder"),
        ("work_added", "workorder"),
    )
)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_days"), ("workorders", "0002_guards")]

    operations = [migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS)]
