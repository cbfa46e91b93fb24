"""SQL of SECURITY DEFINER functions for migrations: who owns them, who may call them."""

AUDIT_ROW = """
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  was jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - 'password' - 'digest' - 'data' END;
  now_is jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - 'password' - 'digest' - 'data' END;
  row_is jsonb := COALESCE(now_is, was);
BEGIN
  INSERT INTO tenants_auditrow (at, agency_id, actor, what, table_name, row_id, before, after, note)
  VALUES (clock_timestamp(), (row_is ->> 'agency_id')::bigint, COALESCE(NULLIF(current_setting('app.actor', true), ''), session_user),
          lower(TG_OP), TG_TABLE_NAME, COALESCE(row_is ->> 'id', ''), was, now_is, '');
  RETURN NULL;
END $$;
"""

AUDIT_NOTE = """
CREATE FUNCTION audit_note(what text, agency bigint, note text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  INSERT INTO tenants_auditrow (at, agency_id, actor, what, table_name, row_id, before, after, note)
  VALUES (clock_timestamp(), agency, COALESCE(NULLIF(current_setting('app.actor', true), ''), session_user), what, '', '', NULL, NULL, note)
$$;
"""

EVERYONE = ("soc_lobby", "soc_tenant", "soc_central")


def owned_by(signature: str, owner: str, *, callable_by: tuple[str, ...] = EVERYONE) -> str:
    """Hand a function to a login-less role and let only `callable_by` call it."""
    # As the new owner: once handed over, the function is no longer the old owner's to grant. The right to create, which an owner
    # needs at that moment, goes at once: whoever becomes that role could shadow what these functions call.
    return (
        f"GRANT CREATE ON SCHEMA public TO {owner}; ALTER FUNCTION {signature} OWNER TO {owner}; "
        f"SET ROLE {owner}; REVOKE ALL ON FUNCTION {signature} FROM PUBLIC; "
        f"GRANT EXECUTE ON FUNCTION {signature} TO {', '.join(callable_by)}; RESET ROLE; "
        f"REVOKE CREATE ON SCHEMA public FROM {owner};"
    )


def agencies_with(name: str, body: str) -> str:
    """A function `name()` that tells from the lobby which agencies have due rows (`body` selects agency_id), and nothing else of them."""
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS TABLE (agency_id bigint) LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ {body} $$; " + owned_by(f"{name}()", "soc_central", callable_by=("soc_lobby",))
    )
