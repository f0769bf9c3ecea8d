"""The SQL by which the database notes which days must be counted again; for migrations."""


def dirty(rows: str) -> str:
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
        AND (before.asset_id = w.asset_id AND before.trade_id = w.trade_id
            OR before.problem_type_id = w.problem_type_id)
    JOIN assets_site site ON site.id = before.site_id;
"""


_WATCHED = (
    "region_id site_id kind asset_id trade_id problem_type_id reported_at accepted_at first_check_in_at completed_at"
    " rework_count"
)
_CHANGED = " OR ".join(f"o.{column} IS DISTINCT FROM n.{column}" for column in _WATCHED.split())
_CANCELED = "(o.status = 'canceled') <> (n.status = 'canceled')"
_SEEN = f"id, {', '.join(_WATCHED.split())}, status = 'canceled'"

WORK_CHANGED = f"""
CREATE OR REPLACE FUNCTION reporting_work_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Compared as sets: a sweep changes thousands of rows at once, and mostly nothing that is counted.
    IF NOT EXISTS (SELECT {_SEEN} FROM now_is EXCEPT SELECT {_SEEN} FROM was) THEN
        RETURN NULL;
    END IF;
    WITH touched AS (SELECT o.* FROM was o JOIN now_is n USING (id) WHERE {_CHANGED} OR {_CANCELED})
    {dirty("touched").strip()}
    WITH touched AS (SELECT n.* FROM was o JOIN now_is n USING (id) WHERE {_CHANGED} OR {_CANCELED})
    {dirty("touched").strip()}
    RETURN NULL;
END $$;
"""
"""What follows a statement that changed work orders; created, or put in the place of an older one."""
