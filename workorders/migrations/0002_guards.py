"""What the database itself keeps true about work: the ledger, the numbers, the sums, and who belongs to whom."""

from django.db import migrations

from accounts.ledger import ledger_sql, undo_ledger_sql

# Facts that are added and never changed.
APPEND_ONLY = """
CREATE FUNCTION workorders_authorization_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Authorizations are added, never changed or removed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workorders_authorization_refuse BEFORE UPDATE OR DELETE ON workorders_authorization
    FOR EACH ROW EXECUTE FUNCTION workorders_authorization_refuse();
CREATE TRIGGER workorders_authorization_refuse_truncate BEFORE TRUNCATE ON workorders_authorization
    FOR EACH STATEMENT EXECUTE FUNCTION workorders_authorization_refuse();
"""
UNDO_APPEND_ONLY = """
DROP TRIGGER workorders_authorization_refuse_truncate ON workorders_authorization;
DROP TRIGGER workorders_authorization_refuse ON workorders_authorization;
DROP FUNCTION workorders_authorization_refuse();
"""

# A work order's place is one place, and its version and number only move forward.
PLACE = """
CREATE FUNCTION workorders_workorder_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.version < OLD.version THEN
        RAISE EXCEPTION 'The version of a work order only grows.' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.number <> OLD.number THEN
        RAISE EXCEPTION 'The number of a work order never changes.' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.site_id <> OLD.site_id OR NEW.region_id <> OLD.region_id THEN
        IF NOT EXISTS (SELECT FROM assets_site WHERE id = NEW.site_id AND region_id = NEW.region_id) THEN
            RAISE EXCEPTION 'The region of a work order is the region of its site.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.asset_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.asset_id IS DISTINCT FROM OLD.asset_id
            OR NEW.site_id <> OLD.site_id) THEN
        IF NOT EXISTS (SELECT FROM assets_asset WHERE id = NEW.asset_id AND site_id = NEW.site_id) THEN
            RAISE EXCEPTION 'The asset of a work order stands at its site.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.area_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.area_id IS DISTINCT FROM OLD.area_id
            OR NEW.site_id <> OLD.site_id) THEN
        IF NOT EXISTS (SELECT FROM assets_area WHERE id = NEW.area_id AND site_id = NEW.site_id) THEN
            RAISE EXCEPTION 'The area of a work order is a place at its site.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workorders_workorder_place BEFORE INSERT OR UPDATE ON workorders_workorder
    FOR EACH ROW EXECUTE FUNCTION workorders_workorder_place();
CREATE FUNCTION assets_site_moves_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workorders_workorder SET region_id = NEW.region_id WHERE site_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER assets_site_moves_work AFTER UPDATE OF region_id ON assets_site
    FOR EACH ROW WHEN (NEW.region_id <> OLD.region_id) EXECUTE FUNCTION assets_site_moves_work();
"""
UNDO_PLACE = """
DROP TRIGGER assets_site_moves_work ON assets_site;
DROP FUNCTION assets_site_moves_work();
DROP TRIGGER workorders_workorder_place ON workorders_workorder;
DROP FUNCTION workorders_workorder_place();
"""

# A visit belongs to the offer under which it is made: same work order, same vendor.
BELONGING = """
ALTER TABLE workorders_visit ADD CONSTRAINT visit_belongs_to_its_offer
    FOREIGN KEY (offer_id, work_order_id, vendor_id) REFERENCES workorders_offer (id, work_order_id, vendor_id)
    DEFERRABLE INITIALLY DEFERRED;
CREATE FUNCTION workorders_attachment_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.visit_id IS NOT NULL AND NOT EXISTS
            (SELECT FROM workorders_visit WHERE id = NEW.visit_id AND work_order_id = NEW.work_order_id) THEN
        RAISE EXCEPTION 'The visit of an attachment is a visit of its work order.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workorders_attachment_visit BEFORE INSERT OR UPDATE ON workorders_attachment
    FOR EACH ROW EXECUTE FUNCTION workorders_attachment_visit();
CREATE FUNCTION workorders_invoice_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM workorders_workorder WHERE id = NEW.work_order_id AND currency = NEW.currency) THEN
        RAISE EXCEPTION 'An invoice is in the currency of its work order.' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM workorders_workorder WHERE id = NEW.work_order_id AND vendor_id = NEW.vendor_id)
        AND NOT EXISTS (SELECT FROM workorders_offer WHERE work_order_id = NEW.work_order_id
            AND vendor_id = NEW.vendor_id AND state IN ('accepted', 'finished')) THEN
        RAISE EXCEPTION 'An invoice comes from a vendor that had the job.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workorders_invoice_belongs BEFORE INSERT OR UPDATE OF work_order_id, vendor_id, currency
    ON workorders_invoice FOR EACH ROW EXECUTE FUNCTION workorders_invoice_belongs();
"""
UNDO_BELONGING = """
DROP TRIGGER workorders_invoice_belongs ON workorders_invoice;
DROP FUNCTION workorders_invoice_belongs();
DROP TRIGGER workorders_attachment_visit ON workorders_attachment;
DROP FUNCTION workorders_attachment_visit();
ALTER TABLE workorders_visit DROP CONSTRAINT visit_belongs_to_its_offer;
"""

# At commit a bill's subtotal is the sum of its lines, and approved bills stay within what is authorized.
SUMS = """
CREATE FUNCTION workorders_invoice_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bill bigint; stated numeric; counted numeric; work bigint; allowed numeric; owed numeric;
BEGIN
    IF TG_TABLE_NAME = 'workorders_invoice' THEN bill := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN bill := OLD.invoice_id;
    ELSE bill := NEW.invoice_id;
    END IF;
    SELECT subtotal_amount, work_order_id INTO stated, work FROM workorders_invoice WHERE id = bill;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT coalesce(sum(amount), 0) INTO counted FROM workorders_invoiceline WHERE invoice_id = bill;
    IF stated <> counted THEN
        RAISE EXCEPTION 'Invoice %: the lines add up to %, the subtotal says %.', bill, counted, stated
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT authorized_amount INTO allowed FROM workorders_workorder WHERE id = work;
    SELECT coalesce(sum(subtotal_amount), 0) INTO owed FROM workorders_invoice
        WHERE work_order_id = work AND state IN ('approved', 'exported', 'paid');
    IF allowed IS NOT NULL AND owed > allowed THEN
        RAISE EXCEPTION 'Approved invoices (%) exceed what is authorized (%).', owed, allowed
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER workorders_invoice_sums AFTER INSERT OR UPDATE ON workorders_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION workorders_invoice_sums();
CREATE CONSTRAINT TRIGGER workorders_invoiceline_sums AFTER INSERT OR UPDATE OR DELETE ON workorders_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION workorders_invoice_sums();
"""
UNDO_SUMS = """
DROP TRIGGER workorders_invoiceline_sums ON workorders_invoiceline;
DROP TRIGGER workorders_invoice_sums ON workorders_invoice;
DROP FUNCTION workorders_invoice_sums();
"""

# The planner must know that open work is a few per cent, and vacuum must keep up with it.
TUNING = """
CREATE STATISTICS workorders_workorder_open (dependencies, mcv) ON status, is_open FROM workorders_workorder;
ALTER TABLE workorders_workorder SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE workorders_clock SET (autovacuum_vacuum_scale_factor = 0.02);
"""
UNDO_TUNING = """
ALTER TABLE workorders_clock RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE workorders_workorder RESET (autovacuum_vacuum_scale_factor);
DROP STATISTICS workorders_workorder_open;
"""


class Migration(migrations.Migration):
    dependencies = [("workorders", "0001_initial"), ("accounts", "0002_ledger")]

    operations = [
        migrations.RunSQL(
            ledger_sql("workorders_event", "work_order_id", parent="workorders_workorder"),
            undo_ledger_sql("workorders_event"),
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO_APPEND_ONLY),
        migrations.RunSQL(PLACE, UNDO_PLACE),
        migrations.RunSQL(BELONGING, UNDO_BELONGING),
        migrations.RunSQL(SUMS, UNDO_SUMS),
        migrations.RunSQL(TUNING, UNDO_TUNING),
    ]
