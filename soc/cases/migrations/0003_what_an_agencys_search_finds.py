"""The function by which an agency's own search reaches the indexes that row security keeps from it."""

from django.db import migrations

from tenants.isolation.functions import owned_by

# Whatever is not leakproof (@@, lower) is asked after the wall, so an agency would read all of its rows one by one. This asks as a
# role that is let through, names the agency itself, and tells numbers of rows only: the caller reads the rows behind the wall again.
# The plan is made for the agency and the words at hand: a large agency is searched by its words, a small one by its rows.
FOUND = """
CREATE FUNCTION cases_found(spellings text[], words text, number text, tail text, most bigint)
RETURNS TABLE (case_id bigint, seen boolean) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
(SELECT o.case_id, true FROM cases_observable o JOIN cases_case c ON c.agency_id = o.agency_id AND c.id = o.case_id
 WHERE o.agency_id = NULLIF(current_setting('app.agency', true), '')::bigint AND lower(o.value) = ANY ($1)
   AND o.visibility = 'released' AND NOT c.restricted ORDER BY o.case_id DESC LIMIT $5)
UNION ALL
(SELECT c.id, false FROM cases_case c
 WHERE c.agency_id = NULLIF(current_setting('app.agency', true), '')::bigint AND NOT c.restricted
   AND (to_tsvector('simple'::regconfig, regexp_replace(c.title, '[[:punct:]]+', ' ', 'g')) @@ to_tsquery('simple'::regconfig, $2)
        OR c.number = $3 OR right(c.number, 6) = $4) LIMIT $5)
$$;
"""
SIGNATURE = "cases_found(text[], text, text, text, bigint)"


class Migration(migrations.Migration):
    """After the tables of the work."""

    dependencies = [("cases", "0002_who_has_pending_receipts")]

    operations = [
        migrations.RunSQL(FOUND + owned_by(SIGNATURE, "soc_search", callable_by=("soc_tenant",)), f"DROP FUNCTION {SIGNATURE}"),
    ]
