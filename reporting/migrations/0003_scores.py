"""Around a vendor's score: what is left out, what the vendor says, the months' ends, and what must be written anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Facts that are added and never changed.
KEPT = """
CREATE FUNCTION reporting_snapshot_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Scores of months that are over are never changed or removed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER reporting_snapshot_refuse BEFORE UPDATE OR DELETE ON reporting_snapshot
    FOR EACH ROW EXECUTE FUNCTION reporting_snapshot_refuse();
CREATE TRIGGER reporting_snapshot_refuse_truncate BEFORE TRUNCATE ON reporting_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_snapshot_refuse();
"""
UNDO_KEPT = """
DROP TRIGGER reporting_snapshot_refuse_truncate ON reporting_snapshot;
DROP TRIGGER reporting_snapshot_refuse ON reporting_snapshot;
DROP FUNCTION reporting_snapshot_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("assets", "0004_scan_codes"),
        ("reporting", "0002_dirty_days"),
        ("vendors", "0005_score_and_trial"),
        ("workorders", "0011_calls_in_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TouchedScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vendor_id", models.BigIntegerField()),
                ("trade_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["vendor_id", "trade_id"], name="touched_score")],
            },
        ),
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "milestone",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("triage", "Triage"),
                            ("response", "Response"),
                            ("arrival", "Arrival"),
                            ("completion", "Completion"),
                        ],
                        help_text="The clock. Empty: the whole job.",
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("excluded_at", models.DateTimeField()),
                ("put_back_at", models.DateTimeField(blank=True, null=True)),
                (
                    "excluded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "put_back_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="exclusions", to="vendors.vendor"
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="exclusions",
                        to="workorders.workorder",
                    ),
                ),
            ],
            options={
                "ordering": ["-excluded_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("put_back_at", None)), fields=["work_order"], name="exclusion_work_order"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("put_back_at", None)),
                        fields=("vendor", "work_order", "milestone"),
                        name="exclusion_once",
                        violation_error_message="This is left out already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="exclusion_has_reason",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("milestone", ""),
                            ("milestone__in", ["triage", "response", "arrival", "completion"]),
                            _connector="OR",
                        ),
                        name="exclusion_milestone_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("put_back_at", None), ("put_back_at__gte", models.F("excluded_at")), _connector="OR"
                        ),
                        name="exclusion_put_back_after",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.CharField(max_length=2000)),
                ("written_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="score_replies", to="vendors.vendor"
                    ),
                ),
                (
                    "work_order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="workorders.workorder",
                    ),
                ),
            ],
            options={
                "ordering": ["-written_at", "-id"],
                "indexes": [models.Index(fields=["vendor", "-written_at"], name="score_reply_vendor")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("body", ""), _negated=True), name="score_reply_says_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month_on", models.DateField(help_text="The first day of the month that ended.")),
                ("window_days", models.PositiveSmallIntegerField()),
                ("score", models.DecimalField(decimal_places=2, max_digits=5)),
                ("low", models.DecimalField(decimal_places=2, max_digits=5)),
                ("high", models.DecimalField(decimal_places=2, max_digits=5)),
                ("jobs", models.PositiveIntegerField()),
                ("own", models.DecimalField(decimal_places=2, max_digits=5)),
                ("mean", models.DecimalField(decimal_places=2, max_digits=5)),
                ("prior_jobs", models.PositiveIntegerField()),
                ("is_comparable", models.BooleanField(default=False)),
                ("parts", models.JSONField()),
                ("weights", models.JSONField(help_text="Every part's weight, also of those without data.")),
                ("taken_at", models.DateTimeField()),
                (
                    "trade",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="+", to="assets.trade"
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="snapshots", to="vendors.vendor"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["trade", "window_days", "month_on"], name="snapshot_trade")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("month_on", "vendor", "trade", "window_days"), name="snapshot_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("score__gte", 0), ("score__lte", 100)), name="snapshot_in_range"
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEPT, UNDO_KEPT),
    ]
