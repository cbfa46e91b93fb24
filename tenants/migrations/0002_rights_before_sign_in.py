"""Rights of the lobby on the tables of Django and allauth, and the functions that it may call."""

from django.db import migrations

from tenants.isolation.functions import agencies_with, owned_by

LOBBY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, account_emailaddress, account_emailconfirmation, mfa_authenticator TO soc_lobby;
GRANT SELECT ON django_content_type, django_migrations TO soc_lobby;
CREATE TABLE watchfloor_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX watchfloor_cache_expires ON watchfloor_cache (expires);
GRANT SELECT, INSERT, UPDATE, DELETE ON watchfloor_cache TO soc_lobby;
"""
# Second factors and addresses say who somebody is; the trigger leaves a factor's secret out.
AUDITED = "; ".join(
    f"CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_row()"
    for table in ("mfa_authenticator", "account_emailaddress")
)

# The logins themselves may call it, before they have a role: a live key gives the agency, a dead one nothing.
KEYS = """
CREATE FUNCTION agency_of_key(prefix text, digest bytea) RETURNS TABLE (agency_id bigint, key_id bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  SELECT k.agency_id, k.id FROM tenants_sensorkey k
  WHERE k.prefix = $1 AND k.digest = $2 AND k.revoked_at IS NULL AND k.expires_at > clock_timestamp()
$$;
""" + owned_by("agency_of_key(text, bytea)", "soc_lobby", callable_by=("app_floor", "app_agency"))  # noqa: S608 constants only


class Migration(migrations.Migration):
    """After sign-in's own tables exist."""

    dependencies = [
        ("tenants", "0001_the_bottom_floor"),
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("account", "0001_initial"),
        ("mfa", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(LOBBY, "DROP TABLE watchfloor_cache"),
        migrations.RunSQL(AUDITED, "DROP TRIGGER audit_row ON mfa_authenticator; DROP TRIGGER audit_row ON account_emailaddress"),
        migrations.RunSQL(KEYS, "DROP FUNCTION agency_of_key(text, bytea)"),
        migrations.RunSQL(
            agencies_with(
                "agencies_with_deliveries",
                "SELECT d.agency_id FROM tenants_delivery d WHERE d.state = 'open' AND d.due_at <= clock_timestamp() GROUP BY 1 ORDER BY min(d.id)",
            ),
            "DROP FUNCTION agencies_with_deliveries()",
        ),
    ]
