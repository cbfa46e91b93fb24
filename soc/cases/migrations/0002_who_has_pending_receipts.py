"""The function that tells workers from the lobby which agencies have alerts to be worked off."""

from django.db import migrations

from tenants.isolation.functions import agencies_with

PENDING = """
SELECT r.agency_id FROM cases_receipt r
WHERE r.state = 'pending' AND (r.due_at IS NULL OR r.due_at <= clock_timestamp()) GROUP BY 1 ORDER BY min(r.received_at)
"""


class Migration(migrations.Migration):
    """After the tables of the work."""

    dependencies = [("cases", "0001_the_work")]

    operations = [
        migrations.RunSQL(agencies_with("agencies_with_receipts", PENDING), "DROP FUNCTION agencies_with_receipts()"),
    ]
