"""What the sweep may ask from the lobby: which agencies have clocks whose breach has to be written."""

from django.db import migrations

from tenants.isolation.functions import agencies_with


class Migration(migrations.Migration):
    """After the clocks exist."""

    dependencies = [("clocks", "0001_the_clocks")]

    operations = [
        migrations.RunSQL(
            agencies_with(
                "agencies_with_due_clocks",
                "SELECT c.agency_id FROM clocks_clock c WHERE c.state = 'running' AND c.due_at < clock_timestamp() GROUP BY 1 ORDER BY min(c.due_at)",
            ),
            "DROP FUNCTION agencies_with_due_clocks()",
        ),
    ]
