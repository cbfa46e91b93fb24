"""The guards of the playbooks: who acts, on what word, and how often."""

from tests.mutations.taking import in_the_code

ALONE = "tests/walls/test_each_guard_alone.py"
ENGINE = "tests/playbooks/test_the_engine.py"
APPROVING = "tests/playbooks/test_approving.py"
CANCELLING = "tests/playbooks/test_cancelling.py"
UNDOING = "tests/playbooks/test_undoing.py"

OF_PLAYBOOKS = (
    in_the_code(
        "runs that wait for each other's locks",
        "playbooks/engine/claiming.py",
        "LIMIT 1 FOR UPDATE SKIP LOCKED)",
        "LIMIT 1 FOR UPDATE)",
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
        "and actor.person_id != run.started_by_person_id",
        "",
        f"{APPROVING}::test_who_started_the_run_by_hand_does_not_approve_it",
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
