"""The guards of the playbooks: who acts, on what word, and how often."""

from tests.mutations.taking import in_the_code

ALONE = "tests/walls/test_each_guard_alone.py"
ENGINE = "tests/playbooks/test_the_engine.py"
APPROVING = "tests/playbooks/test_approving.py"
BREAKING = "tests/playbooks/test_breaking_glass.py"
MANY_VOTES = "tests/playbooks/test_many_votes.py"
CANCELLING = "tests/playbooks/test_cancelling.py"
UNDOING = "tests/playbooks/test_undoing.py"
LIMITS = "tests/playbooks/test_limits_of_a_connector.py"
STORMS = "tests/playbooks/test_storms.py"

OF_PLAYBOOKS = (
    in_the_code(
        "a place at a product that is not counted",
        "playbooks/engine/limiting.py",
        "cardinality(free.places) = %(places)s AND",
        "cardinality(free.places) <= %(places)s AND",
        f"{LIMITS}::test_no_more_calls_at_once_than_the_connector_takes",
    ),
    in_the_code(
        "a call of a minute that is not counted",
        "playbooks/engine/limiting.py",
        "cardinality(free.minute) = %(requests)s",
        "cardinality(free.minute) <= %(requests)s",
        f"{LIMITS}::test_no_more_calls_in_any_minute_than_the_connector_takes",
    ),
    in_the_code(
        "a storm without its entity",
        "playbooks/operations/coalescing.py",
        "sha256_of([rule.slug, content_hash, entity]) if entity",
        "sha256_of([rule.slug, content_hash]) if entity",
        f"{STORMS}::test_another_host_and_another_agency_have_runs_of_their_own",
    ),
    in_the_code(
        "a storm that nothing stands for",
        "playbooks/operations/coalescing.py",
        "if stands is None or storm.until <= by.now() or",
        "if stands is None or storm.until >= by.now() or",
        f"{STORMS}::test_of_many_workers_that_see_the_storm_at_once_one_starts_the_run",
    ),
    in_the_code(
        "runs of one agency without a bound",
        "playbooks/engine/claiming.py",
        "      < %(most)s",
        "      < 1000 + %(most)s",
        "tests/playbooks/test_shares.py::test_workers_hold_no_more_runs_of_an_agency_together_than_it_may_have",
    ),
    in_the_code(
        "a turn that costs a heavy agency as much as a light one",
        "playbooks/engine/turns.py",
        "max(1, steps) / one.weight",
        "float(max(1, steps))",
        "tests/playbooks/test_turns.py::test_steps_stay_in_the_ratio_of_the_weights_at_every_moment",
    ),
    in_the_code(
        "runs that wait for each other's locks",
        "playbooks/engine/claiming.py",
        "ORDER BY wake_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)",
        "ORDER BY wake_at, id LIMIT 1 FOR UPDATE)",
        f"{ALONE}::test_a_worker_does_not_wait_for_what_another_holds",
    ),
    in_the_code(
        "a worker that writes under an old fence",
        "playbooks/engine/claiming.py",
        "AND fence = %s AND state = 'running'",
        "AND fence >= %s AND state = 'running'",
        f"{ENGINE}::test_who_was_fenced_off_writes_nothing_but_keeps_the_answer",
    ),
    in_the_code(
        "a worker that writes over what changed meanwhile",
        "playbooks/engine/writing.py",
        "AND r.fence = %(fence)s AND r.xmin = %(seen)s::xid",
        "AND r.fence = %(fence)s AND %(seen)s <> ''",
        f"{ENGINE}::test_what_changes_while_a_worker_thinks_is_thought_of",
    ),
    in_the_code(
        "an undo that two runs do",
        "playbooks/queries/undoing.py",
        "and (one.undone_by is None or one.undone_by.state in OVER)",
        "",
        f"{UNDOING}::test_two_people_take_back_at_once_and_it_is_taken_back_once",
    ),
    in_the_code(
        "an undo of something else than was seen",
        "playbooks/operations/undoing.py",
        "require(hash == now_is,",
        "require(True,",
        f"{UNDOING}::test_a_plan_that_changed_since_it_was_shown_is_not_carried_out",
    ),
    in_the_code(
        "a cancelled run whose fence stands",
        "playbooks/operations/cancelling.py",
        "run.fence + 1",
        "run.fence",
        f"{CANCELLING}::test_a_cancelled_run_goes_no_further_and_its_question_is_void",
    ),
    in_the_code(
        "a call that is repeated without asking first",
        "playbooks/engine/performing.py",
        "if intent.ask and action.verifying is not None",
        "if False and action.verifying is not None",
        f"{ENGINE}::test_a_lost_answer_is_asked_after_and_not_repeated",
    ),
    in_the_code(
        "a vote on another hash",
        "playbooks/operations/voting.py",
        "require(hash == one.hash,",
        "require(True,",
        f"{APPROVING}::test_a_vote_on_another_hash_is_a_conflict_and_counts_nothing",
    ),
    in_the_code(
        "who started a run approves it",
        "playbooks/policies.py",
        "actor.person_id in (run.started_by_person_id, run.version.published_by_person_id)",
        "actor.person_id == run.version.published_by_person_id",
        f"{APPROVING}::test_who_started_the_run_by_hand_does_not_approve_it",
    ),
    in_the_code(
        "who wrote the version approves it",
        "playbooks/policies.py",
        "actor.person_id in (run.started_by_person_id, run.version.published_by_person_id)",
        "actor.person_id == run.started_by_person_id",
        f"{MANY_VOTES}::test_who_published_the_version_that_runs_does_not_vote_and_reads_why",
    ),
    in_the_code(
        "one vote where two are asked",
        "playbooks/quorum.py",
        "for number in range(needed.floor)]",
        "for number in range(1)]",
        f"{MANY_VOTES}::test_two_people_of_the_floor_decide_what_asks_for_two",
    ),
    in_the_code(
        "an analyst's vote after escalation",
        "playbooks/quorum.py",
        "if waits_for_a_lead and role != LEAD",
        "if False",
        f"{MANY_VOTES}::test_after_escalation_the_vote_that_is_left_is_a_watch_leads",
    ),
    in_the_code(
        "a refused vote that nobody writes down",
        "tenants/gates/opening.py",
        "    if error.afterwards is None:",
        "    if True:",
        "tests/playbooks/test_refused_votes.py::test_a_refused_vote_moves_nothing_and_is_written_down",
    ),
    in_the_code(
        "who broke the glass reviews it",
        "playbooks/policies.py",
        "actor.person_id not in (None, broken_by_id)",
        "actor.person_id is not None",
        f"{BREAKING}::test_who_broke_it_does_not_review_it_and_somebody_else_does_once",
    ),
    in_the_code(
        "a glass that is broken without naming the target",
        "playbooks/operations/breaking.py",
        "require(typed == wanted,",
        "require(True,",
        f"{BREAKING}::test_it_takes_the_hash_the_targets_name_and_a_reason",
    ),
    in_the_code(
        "a step that acts before it is approved",
        "playbooks/decide.py",
        'if node.asking is not None and standing.approval != "approved":',
        "if False:",
        f"{APPROVING}::test_with_standing_consent_one_vote_of_the_floor_is_enough",
        "tests/playbooks/test_the_malware_book.py",
    ),
    in_the_code(
        "a request to an address that no connector names",
        "playbooks/connectors/addresses.py",
        "if not (is_public(ip) or named):",
        "if False:",
        "tests/playbooks/test_connecting.py::test_an_address_that_is_not_public_is_refused_unless_it_is_named",
    ),
    in_the_code(
        "a redirect that is followed",
        "playbooks/connectors/speaking.py",
        "follow_redirects=False",
        "follow_redirects=True",
        f"{ENGINE}::test_a_redirect_is_not_followed",
    ),
)
