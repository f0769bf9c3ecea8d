"""What a card was made of, and room on its pages: all cards are drawn anew each night, in place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vendors", "0010_codes_in_addresses")]

    operations = [
        migrations.AddField(
            model_name="scorecard",
            name="made_of",
            field=models.BigIntegerField(
                editable=False,
                help_text="A fingerprint of what was counted and how it was weighed: a card made of the same is not"
                " made again.",
                null=True,
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE vendors_scorecard SET (fillfactor = 50)", "ALTER TABLE vendors_scorecard RESET (fillfactor)"
        ),
    ]
