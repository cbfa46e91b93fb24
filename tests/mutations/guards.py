"""The guards of the product, how each is taken away, and the tests that must turn red without it."""

from tests.mutations.guards_of_playbooks import OF_PLAYBOOKS
from tests.mutations.taking import in_the_code, in_the_database

ALONE = "tests/walls/test_each_guard_alone.py"
NO_SCOPE = "tests/walls/test_no_scope_no_rows.py"
MODELS = "tests/architecture/test_the_models.py"
WALLED = f"{MODELS}::test_the_table_is_walled_in_the_database_itself"
HELD = f"{ALONE}::test_the_database_holds_every_key_and_trigger_that_the_models_name"
RACES = "tests/races"
ENGINE = "tests/playbooks/test_the_engine.py"
SESSIONS = "tests/tenants/test_sessions.py"
TWICE = "tests/twice"

WIDE = "USING (true) WITH CHECK (true)"

MUTATIONS = (
    # The wall in the database
    in_the_database("a table without the agencies' policy", "DROP POLICY wall_soc_tenant ON cases_note", f"{WALLED}[cases.Note]"),
    in_the_database("a table without the owner's policy", "DROP POLICY wall_soc_owner ON cases_note", f"{WALLED}[cases.Note]"),
    in_the_database(
        "a table whose policies do not bind its owner", "ALTER TABLE cases_case NO FORCE ROW LEVEL SECURITY", f"{WALLED}[cases.Case]"
    ),
    in_the_database(
        "a policy that lets every agency through",
        f"ALTER POLICY wall_soc_tenant ON tenants_entry {WIDE}",
        f"{NO_SCOPE}::test_an_agency_sees_its_own_facts_only_even_in_raw_sql",
    ),
    in_the_database(
        "a policy that does not look at what is written",
        "ALTER POLICY wall_soc_tenant ON tenants_calltreecontact WITH CHECK (true)",
        f"{ALONE}::test_a_row_for_another_agency_is_refused_without_being_read_back",
    ),
    in_the_database(
        "an agency's table that may be read before a scope",
        "GRANT SELECT ON tenants_entry TO PUBLIC; CREATE POLICY anybody ON tenants_entry USING (true)",
        f"{NO_SCOPE}::test_a_query_without_a_scope_is_refused_by_postgresql_itself",
    ),
    in_the_database(
        "a function that sees more, for anybody",
        "SET ROLE soc_central; GRANT EXECUTE ON FUNCTION agencies_with_deliveries() TO PUBLIC",
        f"{NO_SCOPE}::test_functions_that_see_more_may_be_called_by_those_named_only",
    ),
    in_the_database(
        "a child that may hang on another agency's case",
        "ALTER TABLE cases_note DROP CONSTRAINT note_case_fk",
        "tests/walls/test_the_owner_sees_bad_rows.py::test_a_child_of_another_agencys_parent_is_refused",
    ),
    in_the_database(
        "an audit table that the application may write",
        "GRANT INSERT ON tenants_auditrow TO soc_central; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO soc_central",
        f"{NO_SCOPE}::test_the_application_cannot_write_the_audit_table_or_change_the_journal",
    ),
    in_the_database(
        "a journal that may be changed",
        "GRANT UPDATE ON tenants_entry TO soc_central",
        f"{NO_SCOPE}::test_the_application_cannot_write_the_audit_table_or_change_the_journal",
    ),
    in_the_database(
        "a table without its audit trigger",
        "DROP TRIGGER audit_row ON tenants_agency",
        f"{NO_SCOPE}::test_every_changed_row_stands_in_the_audit_with_who_did_it",
    ),
    # Keys
    in_the_database(
        "an alert's key that may come twice", "ALTER TABLE cases_receipt DROP CONSTRAINT receipt_key_once", f"{HELD}[cases.Receipt]"
    ),
    in_the_database(
        "an effect's key that may come twice", "ALTER TABLE playbooks_effect DROP CONSTRAINT effect_once", f"{HELD}[playbooks.Effect]"
    ),
    in_the_database("a person who may vote twice", "ALTER TABLE playbooks_vote DROP CONSTRAINT vote_once", f"{HELD}[playbooks.Vote]"),
    in_the_database("a step that may be done twice", "DROP INDEX attempt_ok_once", f"{HELD}[playbooks.StepAttempt]"),
    in_the_database(
        "a trigger that may start two runs",
        "DROP INDEX run_trigger_once",
        f"{ENGINE}::test_two_workers_that_see_the_same_facts_start_one_run",
    ),
    in_the_database(
        "two cases that gather the same alerts",
        "DROP INDEX case_gathers_once",
        "tests/soc/cases/intake/test_races.py::test_two_openings_at_once_are_one_case_by_the_constraint",
    ),
    in_the_database(
        "an idempotency key that may be taken twice",
        "ALTER TABLE tenants_rememberedanswer DROP CONSTRAINT remembered_once",
        "tests/soc/cases/api/test_cases_by_api.py::test_the_same_key_has_one_effect_and_one_answer",
    ),
    # The wall in the code
    in_the_code(
        "a query without a scope that goes on to PostgreSQL",
        "tenants/isolation/backend/base.py",
        "        if current.get() is None:\n            raise NoScope",
        "        if False:\n            raise NoScope",
        f"{ALONE}::test_raw_sql_without_a_scope_is_refused_before_postgresql_has_to",
    ),
    in_the_code(
        "a manager that answers in the lobby",
        "tenants/isolation/owned.py",
        "if scope is None or scope.role == LOBBY:",
        "if scope is None:",
        f"{ALONE}::test_in_the_lobby_the_manager_refuses_before_postgresql_has_to",
    ),
    in_the_code(
        "a manager that leaves one agency to PostgreSQL",
        "tenants/isolation/owned.py",
        'return f"{column} = %s", [*params, scope.agency]',
        'return "TRUE", []',
        f"{ALONE}::test_the_manager_alone_keeps_one_agency_apart",
    ),
    in_the_code(
        "a floor that is not narrowed to its agencies",
        "tenants/isolation/owned.py",
        'return f"{column} = ANY(%s)", [*params, sorted(scope.agencies)]',
        'return "TRUE", []',
        f"{NO_SCOPE}::test_the_floor_is_narrowed_to_the_agencies_assigned",
    ),
    in_the_code(
        "an analyst who is assigned everything",
        "tenants/gates/identifying.py",
        "agencies = None if whole else",
        "agencies = None if True else",
        f"{NO_SCOPE}::test_the_floor_is_narrowed_to_the_agencies_assigned",
    ),
    in_the_code(
        "a gate that opens the floor's scope for everyone",
        "tenants/gates/opening.py",
        "return scope.agency(actor.agency_id, actor=actor.name)",
        "return scope.floor(None, actor=actor.name)",
        f"{NO_SCOPE}::test_an_agency_sees_its_own_facts_only_even_in_raw_sql",
    ),
    in_the_code(
        "a liaison who reads what was not released",
        "soc/cases/queries/case.py",
        "hanging_on([case], inside=reader.sees_internal_rows,",
        "hanging_on([case], inside=True,",
        "tests/soc/cases/api/test_cases_by_api.py::test_a_liaison_reads_exactly_what_is_promised",
    ),
    in_the_code(
        "a list that tells a liaison what was not released",
        "soc/cases/queries/case.py",
        "hanging_on(found, inside=reader.sees_internal_rows,",
        "hanging_on(found, inside=True,",
        "tests/soc/cases/api/test_cases_by_api.py::test_a_liaisons_list_holds_what_was_released_only",
    ),
    in_the_code(
        "a restricted case that its liaison may read",
        "soc/cases/policies.py",
        "and not (case.restricted and actor.speaks_for_an_agency)",
        "",
        "tests/soc/cases/operations/test_noting.py::test_a_restricted_case_does_not_exist_for_its_liaison",
    ),
    in_the_code(
        "a restricted case among those that its liaison may read",
        "soc/cases/queries/filters.py",
        "rows.filter(restricted=False) if reader.speaks_for_an_agency else rows",
        "rows",
        "tests/soc/cases/pages/test_lists.py::test_a_liaisons_list_names_no_owner_and_no_restricted_case",
    ),
    # Who comes in
    in_the_code(
        "the API by session without the form's token",
        "tenants/gates/api.py",
        'if request.method in MUTATING and not request.META.get("HTTP_AUTHORIZATION"):',
        "if False:",
        f"{ALONE}::test_a_browser_without_its_token_changes_nothing",
    ),
    in_the_code(
        "pages without the form's token",
        "soc/settings.py",
        '    "django.middleware.csrf.CsrfViewMiddleware",\n',
        "",
        f"{ALONE}::test_a_browser_without_its_token_changes_nothing",
    ),
    in_the_code(
        "a socket for a page of another site",
        "soc/asgi.py",
        "OwnOrigin(URLRouter(websocket_urlpatterns))",
        "URLRouter(websocket_urlpatterns)",
        "tests/soc/live/test_socket.py::test_another_sites_page_is_refused",
    ),
    in_the_code(
        "a socket that never looks at its session again",
        "soc/live/consumers.py",
        "if actor != self.actor:",
        "if False:",
        "tests/soc/live/test_socket.py::test_a_session_that_ended_is_found_when_it_is_looked_at_again",
    ),
    in_the_code(
        "a session that idles for ever",
        "tenants/gates/identifying.py",
        "or now - seen > timedelta(seconds=settings.SESSION_IDLE_SECONDS)",
        "",
        f"{SESSIONS}::test_an_idle_session_ends",
    ),
    in_the_code(
        "a session that outlives its person",
        "tenants/gates/identifying.py",
        "(user.sessions_valid_from is not None and began < user.sessions_valid_from)",
        "False",
        "tests/tenants/test_ends_of_access.py::test_the_session_from_before_stays_over_even_when_nobody_used_it_meanwhile",
    ),
    in_the_code(
        "a key that is revoked and still opens",
        "tenants/gates/identifying.py",
        "live = Q(prefix=prefix[:16], revoked_at=None, expires_at__gt=now)",
        "live = Q(prefix=prefix[:16], expires_at__gt=now)",
        "tests/machines/test_keys.py",
    ),
    in_the_database(
        "a revoked key that the door for alerts still knows",
        "SET ROLE soc_lobby; DROP FUNCTION agency_of_key(text, bytea); RESET ROLE; "
        "CREATE FUNCTION agency_of_key(prefix text, digest bytea) RETURNS TABLE (agency_id bigint, key_id bigint) LANGUAGE sql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT k.agency_id, k.id FROM tenants_sensorkey k "
        "WHERE k.prefix = $1 AND k.digest = $2 $$; GRANT EXECUTE ON FUNCTION agency_of_key(text, bytea) TO app_floor, app_agency",
        "tests/machines/test_keys.py",
    ),
    in_the_code(
        "three live keys of one name",
        "tenants/operations/keys.py",
        "TWO_LIVE = 2",
        "TWO_LIVE = 3",
        "tests/machines/test_keys.py",
    ),
    in_the_code(
        "a secret of which only the prefix counts",
        "tenants/gates/identifying.py",
        "if key is None or not hmac.compare_digest(bytes(key.digest), digest):",
        "if key is None:",
        "tests/machines/test_keys.py",
    ),
    in_the_code(
        "a sender without a limit",
        "soc/cases/operations/intake.py",
        "raise TooFast(",
        "return\n    raise TooFast(",
        "tests/soc/cases/intake/test_door.py::test_too_fast_is_429_with_retry_after_and_stores_nothing",
    ),
    # Edits and repeats
    in_the_code(
        "an edit at an old version",
        "soc/cases/operations/changing.py",
        "version == case.version, Stale(",
        "True, Stale(",
        f"{RACES}/test_two_analysts_one_case.py",
    ),
    in_the_code(
        "a case that is not locked for a verb",
        "soc/cases/operations/changing.py",
        'select_for_update(of=("self",)).first() if',
        "first() if",
        f"{RACES}/test_two_analysts_one_case.py",
    ),
    in_the_code(
        "a repeated call that is done again",
        "tenants/gates/api.py",
        "        if known is not None:\n            return Response(known.body, status=known.status)\n",
        "",
        "tests/soc/cases/api/test_cases_by_api.py::test_the_same_key_has_one_effect_and_one_answer",
    ),
    in_the_code(
        "a used key with another body",
        "tenants/operations/remembering.py",
        "bytes(its_fingerprint) == fingerprint and its_route == route",
        "True",
        "tests/soc/cases/api/test_cases_by_api.py::test_the_same_key_has_one_effect_and_one_answer",
    ),
    in_the_code(
        "a form that is sent twice and acts twice",
        "tenants/gates/pages.py",
        "known = begin_form(request, self.actor)",
        "known = None",
        f"{TWICE}/test_every_form.py::test_a_form_that_was_changed_and_sent_again_is_a_conflict",
    ),
    in_the_code(
        "an agency that is locked against the facts that name it",
        "tenants/operations/agencies.py",
        "select_for_update(no_key=True)",
        "select_for_update()",
        f"{ALONE}::test_who_locks_an_agency_holds_up_no_row_that_names_it",
    ),
    # Delivery, the seal
    in_the_code(
        "facts that overtake each other",
        "tenants/journal/delivery.py",
        "AND e.id < d.id)",
        "AND false)",
        "tests/tenants/test_delivery.py::test_a_failing_reaction_is_parked_and_holds_back_its_subject_only",
    ),
    in_the_code(
        "deliveries that wait for each other's locks",
        "tenants/journal/delivery.py",
        "FOR UPDATE OF d SKIP LOCKED\n)",
        "FOR UPDATE OF d\n)",
        f"{ALONE}::test_a_worker_does_not_wait_for_what_another_holds",
    ),
    in_the_code(
        "a reaction that tells a fact twice",
        "soc/cases/operations/telling.py",
        "if TimelineEntry.objects.filter(case=case, entry_id=entry_id).exists():",
        "if False:",
        "tests/machines/test_facts_in_any_order.py::test_a_reaction_that_hears_a_fact_again_adds_nothing_but_a_ring",
    ),
    in_the_code(
        "a fact outside its transaction",
        "tenants/journal/recording.py",
        "if not connection.in_atomic_block:",
        "if False:",
        "tests/tenants/test_delivery.py::test_a_fact_outside_a_transaction_is_refused",
    ),
    in_the_code(
        "a root that does not stand on the one before",
        "tenants/journal/merkle.py",
        'b"\\x02" + before + this',
        'b"\\x02" + this',
        "tests/tenants/test_the_roots.py::test_a_root_stands_on_the_one_before_it",
    ),
    *OF_PLAYBOOKS,
)
