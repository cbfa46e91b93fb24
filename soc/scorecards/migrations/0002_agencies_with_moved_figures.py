"""What the sweep may ask from the lobby: which agencies have cases to count, and whether standings have to be written."""

from django.db import migrations

from tenants.isolation.functions import agencies_with


class Migration(migrations.Migration):
    """After the measures exist."""

    dependencies = [("scorecards", "0001_the_measures")]

    operations = [
        migrations.RunSQL(
            agencies_with(
                "agencies_with_unscored_cases",
                "SELECT o.agency_id FROM scorecards_observation o WHERE o.unscored GROUP BY 1 ORDER BY min(o.position)",
            ),
            "DROP FUNCTION agencies_with_unscored_cases()",
        ),
        migrations.RunSQL(
            agencies_with(
                "agencies_with_unranked_scorecards",
                "SELECT NULL::bigint WHERE EXISTS (SELECT 1 FROM scorecards_scorecard s WHERE s.unranked)",
            ),
            "DROP FUNCTION agencies_with_unranked_scorecards()",
        ),
    ]
