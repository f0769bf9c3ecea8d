"""The bench's set: a company of any size, the same every time, written by the database itself.

History spans two years whatever the size, the newest twentieth is open, and everything else (sites, units, vendors)
grows with it. Beside it stand two small places that differ only in how much there is of everything: `FEW` has one
row of each kind, `MANY` has fifty and more; what a page asks of the database must be the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Field

from accounts.models import Membership, Role, User
from assets.models import Region, RegionScope, Site, SiteScope
from vendors.models import Vendor, VendorScope

DAYS = 730
DISTRICTS, DIVISIONS = 40, 4
MANY = 60
LONG = 2_000
"""Events on the one work order with a long history."""

COMMON, SELDOM, RARE, ABSENT = "cooler", "compressor", "zeolite", "unobtainium"
"""Words in nine of ten descriptions, in one of a hundred, in three of all, and in none."""

WORDS = (
    "the {common} door leaks", "makes a loud noise", "does not close", "drips on the floor", "trips the breaker",
    "smells of burning", "is too warm since morning", "lost its handle", "shows an error code", "will not start",
)  # fmt: skip


def fill(model: str, source: str, /, **columns: str) -> int:
    """INSERT … SELECT into the table of `model`: `columns` are SQL over `source`, all others take their default."""
    table = apps.get_model(model)
    names, parts, values = [], [], []
    for field in table._meta.local_concrete_fields:
        given = columns.pop(field.column, None)
        if given is None and (field.generated or field.primary_key or field.has_db_default()):
            continue
        names.append(connection.ops.quote_name(field.column))
        if given is not None:
            parts.append(given)
        else:
            parts.append(f"%s::{field.cast_db_type(connection)}")
            values.append(_default(field))
    if columns:
        raise LookupError(f"{model} has no columns {', '.join(columns)}.")
    sql = f"INSERT INTO {table._meta.db_table} ({', '.join(names)}) SELECT {', '.join(parts)} FROM {source}"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def _default(field: Field) -> Any:
    return field.get_db_prep_save(field.get_default(), connection)


def instant(at: datetime) -> str:
    return f"timestamptz '{at.isoformat()}'"


@dataclass
class Company:
    """One loaded set: how large it is, and who and what the cases ask for."""

    rows: int
    now: datetime
    cookies: dict[str, str]
    people: dict[str, User]

    @property
    def long_number(self) -> str:
        """The work order with a long history, on a unit and a site with much of it."""
        return f"WO-{self.rows:06}"

    @property
    def short_number(self) -> str:
        return f"WO-{self.rows - 1:06}"


def load(rows: int, *, now: datetime, open_percent: int = 5) -> Company:
    """Fill the empty database that is asked now with a company of `rows` work orders; sign its people in.

    `now` is the present of the set: everything in it is older, or due later.
    """
    sites, units, vendors = max(2 * DISTRICTS, rows // 50), max(rows // 5, 400), max(20, rows // 100)
    _places(sites, units, vendors, now)
    _quietly(lambda: _work(rows, units, vendors, now, open_percent))
    _sequences()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    people = _people(now)
    return Company(rows, now, {name: _signed_in(user) for name, user in people.items()}, people)


def _places(sites: int, units: int, vendors: int, now: datetime) -> None:
    """Places, units, catalog and vendors; the last two of each are those of few and of many."""
    company = Region.objects.create(code="ALL", name="Whole company", level="Company")
    parents = [
        Region.objects.create(code=f"V{place}", name=f"Division {place}", level="Division", parent=company)
        for place in range(DIVISIONS)
    ]
    for place in range(DISTRICTS + 2):
        name = ("Few", "Many")[place - DISTRICTS] if place >= DISTRICTS else f"District {place}"
        Region.objects.create(code=f"D{place}", name=name, level="District", parent=parents[place % DIVISIONS])
    first = "(SELECT min(id) FROM assets_region WHERE code LIKE 'D%%')"
    fill(
        "assets.Site", f"generate_series(1, {sites + 2}) g", id="g", code="'S-' || g", name="'Store ' || g",
        city="'City ' || g %% 97", state="'WA'", currency="'USD'", time_zone="'America/Los_Angeles'",
        region_id=f"{first} + CASE WHEN g > {sites} THEN {DISTRICTS - 1} + g - {sites} ELSE (g - 1) %% {DISTRICTS} END",
    )  # fmt: skip
    fill("assets.Trade", "generate_series(1, 8) g", id="g", code="'trade-' || g", name="'Trade ' || g", icon="'wrench'")
    fill("assets.AssetCategory", "generate_series(1, 8) g", id="g", name="'Category ' || g", trade_id="g")
    fill(
        "assets.ProblemType", "generate_series(1, 16) g", id="g", name="'Problem ' || g", trade_id="1 + g %% 8",
        default_nte_amount="450",
    )  # fmt: skip
    fill(
        "assets.CriticalityQuestion", "generate_series(1, 32) g", id="g", problem_type_id="1 + g %% 16",
        text="'Is food at risk? ' || g", level_if_yes="2",
    )  # fmt: skip
    fill(
        "workorders.CompletionCode", "(VALUES (1, 'root_cause'), (2, 'resolution')) c (pk, kind)", id="pk", kind="kind",
        label="'Worn'",
    )  # fmt: skip
    fill(
        "workorders.SlaTarget",
        "(VALUES ('triage', 1), ('response', 4), ('arrival', 24), ('completion', 72)) m (milestone, hours),"
        " generate_series(1, 4) p",
        milestone="milestone", priority="p", minutes="hours * 60 * p", clock_type="'elapsed'",
    )  # fmt: skip
    fill(
        "assets.Asset", f"generate_series(1, {units + 1 + MANY}) g", id="g", tag="'U-' || g", name="'Unit ' || g",
        category_id="1 + g / 7 %% 8",
        site_id=f"CASE WHEN g > {units + 1} THEN {sites + 2} WHEN g > {units} THEN {sites + 1}"
        f" ELSE 1 + (g - 1) %% {sites} END",
    )  # fmt: skip
    fill(
        "vendors.Vendor", f"generate_series(1, {vendors + 2}) g", id="g", code="'V-' || g", name="'Vendor ' || g",
        email="'v' || g || '@example.com'", standing="'approved'", city="'City ' || g %% 97",
        created_at=instant(now - timedelta(days=DAYS)),
    )  # fmt: skip


def _quietly(work: Any) -> None:
    """Without the triggers, which would number, chain and count a past that nobody reads row by row."""
    tables = (
        "workorders_workorder", "workorders_event", "workorders_clock", "workorders_invoice", "workorders_invoiceline",
        "workorders_offer", "workorders_visit",
    )  # fmt: skip
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        work()
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _work(rows: int, units: int, vendors: int, now: datetime, open_percent: int) -> None:
    """Work orders with their clocks, events, offers, visits and bills."""
    total = rows + 4 * (1 + MANY)
    # What each number is: its unit, its vendor, whether it is open, and its step on the way.
    numbers = f"""
        SELECT g, 1 + (g::bigint * 7919) %% {units} AS unit, 1 + (g::bigint * 31) %% {vendors} AS company,
            g > {rows} - {rows * open_percent // 100} AS open, (g * 13) %% 6 AS step FROM generate_series(1, {rows}) g
        UNION ALL
        SELECT g, CASE WHEN g <= {rows + 4} THEN {units} + 1 ELSE {units} + 2 + (g - {rows} - 5) / 4 END,
            CASE WHEN g <= {rows + 4} THEN {vendors} + 1 ELSE {vendors} + 2 END,
            g %% 4 <> 0, CASE WHEN g %% 4 = 0 THEN 0 ELSE 2 + g %% 4 END
        FROM generate_series({rows} + 1, {total}) g
    """
    said = ", ".join(f"'{words.format(common=COMMON)}'" for words in WORDS)
    source = f"""(SELECT n.*, a.id AS unit_id, a.name AS unit_name, a.tag, s.id AS place, s.region_id, s.code,
        s.name AS store, c.trade_id, {instant(now)} - (({total} - g) * interval '{DAYS} days' / {total}) AS reported,
        CASE WHEN NOT open THEN CASE WHEN step = 0 AND g <= {rows} AND g %% 3 = 0 THEN 'canceled' ELSE 'closed' END
            ELSE (ARRAY['new', 'ready', 'new', 'offered', 'scheduled', 'completed'])[step + 1] END AS state,
        (ARRAY[{said}])[1 + (g * 7) %% {len(WORDS)}] AS words
        FROM ({numbers}) n JOIN assets_asset a ON a.id = n.unit JOIN assets_site s ON s.id = a.site_id
        JOIN assets_assetcategory c ON c.id = a.category_id) o"""
    done = "state IN ('completed', 'closed')"
    fill(
        "workorders.WorkOrder", source, id="g", number="'WO-' || lpad(g::text, 6, '0')", status="state",
        kind="'reactive'", source="'portal'", site_id="place", region_id="region_id", trade_id="trade_id",
        problem_type_id="CASE WHEN g %% 2 = 0 THEN trade_id + 7 END", asset_id="unit_id",
        title="unit_name || ' ' || words",
        description=f"CASE WHEN g %% 10 < 9 THEN '{COMMON} ' ELSE 'cabinet ' END || words || '. ' ||"
        f" CASE WHEN g %% 100 = 7 THEN '{SELDOM} ' ELSE '' END || CASE WHEN g %% ({rows} / 3) = 11 THEN '{RARE} '"
        " ELSE '' END || 'Seen by the night crew; it began after the delivery and nobody touched it since then.'",
        names="code || ' ' || store || ' Trade ' || trade_id || ' ' || tag || ' ' || unit_name",
        priority="1 + g %% 4", priority_reasons="'[\"P3: routine\"]'::jsonb", currency="'USD'",
        authorized_amount="450", cost_per_hour_amount="(g * 17) %% 300",
        reported_at="reported", triaged_at="reported + interval '1 hour'",
        due_at=f"CASE WHEN open THEN {instant(now)} + ((g::bigint * 37) %% 3000 - 300) * interval '1 minute'"
        " ELSE reported + interval '3 days' END",
        vendor_id="CASE WHEN state IN ('scheduled', 'completed', 'closed') THEN company END",
        accepted_at="CASE WHEN state IN ('scheduled', 'completed', 'closed') THEN reported + interval '2 hours' END",
        first_appointment_at="CASE WHEN state IN ('scheduled', 'completed', 'closed') THEN reported END",
        scheduled_start_at=f"CASE WHEN state = 'scheduled' THEN {instant(now)} + interval '1 day' END",
        scheduled_end_at=f"CASE WHEN state = 'scheduled' THEN {instant(now)} + interval '26 hours' END",
        first_check_in_at=f"CASE WHEN {done} THEN reported + interval '1 day' END",
        completed_at=f"CASE WHEN {done} THEN reported + interval '26 hours' END",
        verified_at="CASE WHEN state = 'closed' THEN reported + interval '2 days' END",
        rating="CASE WHEN state = 'closed' AND g %% 3 > 0 THEN 1 + g %% 5 END",
        root_cause_id="CASE WHEN state = 'closed' AND g %% 10 > 0 THEN 1 END",
        resolution_id="CASE WHEN state = 'closed' AND g %% 10 > 0 THEN 2 END",
        nothing_recommended="state = 'closed'",
        closed_at="CASE WHEN state = 'closed' THEN reported + interval '3 days' END",
        canceled_at="CASE WHEN state = 'canceled' THEN reported + interval '3 days' END",
        cancel_reason="CASE WHEN state = 'canceled' THEN 'Asked twice' ELSE '' END",
    )  # fmt: skip
    _clocks(now)
    _events(rows)
    _vendor_side(rows, now)


def _clocks(now: datetime) -> None:
    """Two clocks on open work, each with one mark to be told within a day from now; one that ended on the rest."""
    soon = f"{instant(now)} + (60 + (w.id * 41) %% 1000) * interval '1 minute'"
    marks = f"ARRAY[{soon}, " + ", ".join(f"{instant(now + timedelta(days=30 + day))}" for day in range(4)) + "]"
    fill(
        "workorders.Clock",
        "workorders_workorder w, (VALUES ('arrival'), ('completion')) m (milestone) WHERE w.is_open",
        work_order_id="w.id", milestone="milestone", state="'running'", started_at="w.reported_at",
        minutes="4320", clock_type="'elapsed'", due_at=instant(now + timedelta(days=32)), marks=marks,
        next_mark_at=soon,
    )  # fmt: skip
    fill(
        "workorders.Clock", "workorders_workorder w WHERE NOT w.is_open", work_order_id="w.id",
        milestone="'completion'", state="'stopped'", started_at="w.reported_at", minutes="4320",
        clock_type="'elapsed'", due_at="w.reported_at + interval '3 days'",
        stopped_at="w.reported_at + interval '2 days'", told="1",
    )  # fmt: skip


def _events(rows: int) -> None:
    """Two on every work order, and one with a history as long as they get, told by comments too."""
    shape = {
        "work_order_id": "w.id", "at": "w.reported_at + p * interval '1 minute'", "actor_name": "'Night crew'",
        "via": "'page'", "position": "p", "hash": "md5(w.id::text || p)",
        "verb": "CASE p WHEN 1 THEN 'workorder.reported' WHEN 2 THEN 'workorder.triaged' ELSE 'clock.warned' END",
        "data": "jsonb_build_object('move', 'report', 'after', 'new', 'milestone', 'arrival', 'percent', 50)",
    }  # fmt: skip
    fill("workorders.Event", "workorders_workorder w, generate_series(1, 2) p", **shape)
    fill("workorders.Event", f"workorders_workorder w, generate_series(3, {LONG}) p WHERE w.id = {rows}", **shape)
    fill(
        "workorders.Comment", f"workorders_workorder w, generate_series(1, {MANY}) p WHERE w.id = {rows}",
        work_order_id="w.id", audience="'everyone'", author_name="'Night crew'", body="'Still broken ' || p",
        written_at="w.reported_at + p * interval '1 hour'",
    )  # fmt: skip
    with connection.cursor() as cursor:
        # The same unit as a hundred others, so that its history is long too.
        cursor.execute(
            "UPDATE workorders_workorder SET asset_id = mine.asset_id, site_id = mine.site_id,"
            " region_id = mine.region_id FROM workorders_workorder mine"
            " WHERE mine.id = %s AND workorders_workorder.id BETWEEN %s AND %s",
            [rows, rows // 2, rows // 2 + 300],
        )


def _vendor_side(rows: int, now: datetime) -> None:
    """Offers and visits for work that is asked or agreed; bills for what is closed in the two small places."""
    offered = "w.reported_at + interval '2 hours'"
    fill(
        "workorders.Offer", f"""(SELECT w.*, coalesce(w.vendor_id, CASE WHEN w.id > {rows + 4}
            THEN (SELECT max(id) FROM vendors_vendor) WHEN w.id > {rows} THEN (SELECT max(id) - 1 FROM vendors_vendor)
            ELSE 1 + w.id %% 20 END) AS company FROM workorders_workorder w
            WHERE w.status IN ('offered', 'scheduled', 'completed', 'closed')) w""",
        work_order_id="w.id", vendor_id="company", offered_at=offered, expires_at=instant(now + timedelta(days=3)),
        state="CASE w.status WHEN 'offered' THEN 'open' WHEN 'scheduled' THEN 'accepted' ELSE 'finished' END",
        answered_at=f"CASE WHEN w.status <> 'offered' THEN {offered} END", authorized_amount="450",
    )  # fmt: skip
    fill(
        "workorders.Visit", "workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id"
        " WHERE o.state = 'accepted'", work_order_id="w.id", vendor_id="o.vendor_id", offer_id="o.id",
        planned_start_at="w.scheduled_start_at", planned_end_at="w.scheduled_end_at",
    )  # fmt: skip
    fill(
        "workorders.Visit", "workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id,"
        " generate_series(1, 2) trip WHERE w.status = 'closed' AND (trip = 1 OR w.id %% 7 = 0)", work_order_id="w.id",
        vendor_id="o.vendor_id", offer_id="o.id", state="'left'", planned_start_at="w.first_check_in_at",
        planned_end_at="w.completed_at", checked_in_at="w.first_check_in_at + (trip - 1) * interval '30 minutes'",
        checked_out_at="w.first_check_in_at + trip * interval '30 minutes'", outcome="'resolved'",
    )  # fmt: skip
    fill(
        "workorders.Invoice", f"workorders_workorder w WHERE w.status = 'closed' AND (w.id > {rows} OR w.id %% 2 = 0)",
        work_order_id="w.id", vendor_id="w.vendor_id", state="'submitted'", number="'B-' || w.id",
        invoice_on="w.closed_at::date", currency="'USD'", subtotal_amount="100", total_amount="100",
        drafted_at="w.closed_at", submitted_at="w.closed_at",
    )  # fmt: skip
    fill(
        "workorders.InvoiceLine", "workorders_invoice i", invoice_id="i.id", kind="'labor'", description="'Labor'",
        quantity="1", unit_amount="100", amount="100", labor_kind="'regular'",
    )  # fmt: skip


def _sequences() -> None:
    """Rows with given ids are over; what comes next is numbered behind them."""
    models = [model for model in apps.get_models() if model._meta.managed]
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)
        cursor.execute("SELECT setval('workorders_number', (SELECT max(id) FROM workorders_workorder))")


# People


def _people(now: datetime) -> dict[str, User]:
    """Who looks: at a district, a region, everything; at few and many rows; and who reports."""
    region = {region.code: region for region in Region.objects.all()}
    few, many = Site.objects.order_by("-pk")[1], Site.objects.order_by("-pk")[0]
    companies = list(Vendor.objects.order_by("-pk")[:2])
    people = {
        "everything": _person(now, "everything", Role.ADMINISTRATOR),
        "desk": _person(now, "desk", Role.FACILITIES_MANAGER, region=region["ALL"]),
        "tabs": _person(now, "tabs", Role.FACILITIES_MANAGER, region=region["ALL"]),
        "region": _person(now, "region", Role.FACILITIES_MANAGER, region=region["V0"]),
        "district": _person(now, "district", Role.DISTRICT_MANAGER, region=region["D5"]),
        "few": _person(now, "few", Role.FACILITIES_MANAGER, region=region[f"D{DISTRICTS}"]),
        "many": _person(now, "many", Role.FACILITIES_MANAGER, region=region[f"D{DISTRICTS + 1}"]),
        "store few": _person(now, "store-few", Role.STORE_MANAGER, site=few),
        "store many": _person(now, "store-many", Role.STORE_MANAGER, site=many),
        "vendor few": _person(now, "vendor-few", Role.DISPATCHER, vendor=companies[1]),
        "vendor many": _person(now, "vendor-many", Role.DISPATCHER, vendor=companies[0]),
    }
    for place in range(1, 5):
        people[f"store {place}"] = _person(now, f"store-{place}", Role.STORE_MANAGER, site=Site.objects.get(pk=place))
    return people


def _person(
    now: datetime,
    name: str,
    role: str,
    *,
    region: Region | None = None,
    site: Site | None = None,
    vendor: Vendor | None = None,
) -> User:
    user = User(email=f"{name}@example.com", name=f"Person {name}")
    user.set_unusable_password()
    user.save()
    membership = Membership.objects.create(user=user, role=role, granted_at=now - timedelta(days=DAYS))
    if region:
        RegionScope.objects.create(membership=membership, region=region)
    if site:
        SiteScope.objects.create(membership=membership, site=site)
    if vendor:
        VendorScope.objects.create(membership=membership, vendor=vendor)
    return User.objects.get(pk=user.pk)


def _signed_in(user: User) -> str:
    """The session cookie of a person who has just signed in."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
