"""What a score was drawn from, and since when a vendor is on trial."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vendors", "0004_papers_compared"),
    ]

    operations = [
        migrations.AddField(
            model_name="scorecard",
            name="is_comparable",
            field=models.BooleanField(
                default=False, help_text="So many vendors have a score in the trade that this one betrays none of them."
            ),
        ),
        migrations.AddField(
            model_name="scorecard",
            name="mean",
            field=models.DecimalField(
                decimal_places=2, default=0, help_text="Of the trade, toward it is drawn.", max_digits=5
            ),
        ),
        migrations.AddField(
            model_name="scorecard",
            name="own",
            field=models.DecimalField(
                decimal_places=2, default=0, help_text="What its jobs say by themselves.", max_digits=5
            ),
        ),
        migrations.AddField(
            model_name="scorecard",
            name="prior_jobs",
            field=models.PositiveIntegerField(default=0, help_text="As if so many average jobs had come before."),
        ),
        migrations.AddField(
            model_name="vendor",
            name="trial_since_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Only jobs offered since count in the trial. Empty: all.",
                null=True,
            ),
        ),
    ]
