"""Triggers that note which days of which regions must be counted again, whoever changes the work."""

from django.db import migrations


def _dirty(rows: str) -> str:
    """SQL that notes the days of the work orders in `rows`, and of completed work that these may be a repeat of."""
    return f"""
    INSERT INTO reporting_dirtyday (day_on, region_id)
    SELECT DISTINCT (instant AT TIME ZONE site.time_zone)::date, w.region_id
    FROM {rows} w JOIN assets_site site ON site.id = w.site_id
    CROSS JOIN LATERAL (VALUES (w.reported_at), (w.accepted_at), (w.first_check_in_at), (w.completed_at)) v (instant)
    WHERE instant IS NOT NULL
    UNION
    SELECT DISTINCT (before.completed_at AT TIME ZONE site.time_zone)::date, before.region_id
    FROM {rows} w
    JOIN workorders_workorder before ON before.site_id = w.site_id AND before.id <> w.id
        AND before.completed_at < w.reported_at AND before.completed_at >= w.reported_at - interval '30 days'
        AND (before.asset_id = w.asset_id AND before.trade_id = w.trade_id OR before.problem_type_id = w.problem_type_id)
    JOIN assets_site site ON site.id = before.site_id;
"""


_WATCHED = (
    "region_id site_id kind asset_id trade_id problem_type_id reported_at accepted_at first_check_in_at completed_at"
    " rework_count"
)
_CHANGED = " OR ".join(f"o.{column} IS DISTINCT FROM n.{column}" for column in _WATCHED.split())
_CANCELED = "(o.status = 'canceled') <> (n.status = 'canceled')"

TRIGGERS = f"""
CREATE FUNCTION reporting_work_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_dirty("added")}
    RETURN NULL;
END $$;
CREATE FUNCTION reporting_work_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM was o JOIN now_is n USING (id) WHERE {_CHANGED} OR {_CANCELED}) THEN
        RETURN NULL;
    END IF;
    WITH touched AS (SELECT o.* FROM was o JOIN now_is n USING (id) WHERE {_CHANGED} OR {_CANCELED})
    {_dirty("touched").strip()}
    WITH touched AS (SELECT n.* FROM was o JOIN now_is n USING (id) WHERE {_CHANGED} OR {_CANCELED})
    {_dirty("touched").strip()}
    RETURN NULL;
END $$;
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
