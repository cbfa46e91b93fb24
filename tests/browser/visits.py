"""Every page of every role, taken from the table of walls, with the states of a page that its plain address does not show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.browser.story import FORWARD, MACRO, SOUTHERN, TRAVEL
from tests.walls.urls import WALLS

# One of each role; the others of a role see the same pages.
ROLES = ("ana", "lee", "ada", "aud", "nia")

# Addresses that show no page of their own, each with its reason.
EXCUSED = {
    "root": "leads to the first page of the reader's role",
    "case-preview": "a part of the queue's page, visited with it",
    "case-verb": "leads to the case; what a refused form shows is visited below",
    "approval-vote": "leads to the approval",
    "run-answer": "leads to the run",
    "playbook-export": "a file",
    "draft-discard": "leads to the draft",
    "runs-export": "a file",
    "backtest-export": "a file",
    "standings-csv": "a file",
    "scorecard-csv": "a file",
    "promises-csv": "a file",
    "dead-letters-csv": "a file",
    "schema": "JSON for programs",
    "healthz": "for probes",
    "readyz": "for probes",
    "metrics": "for probes",
    "account_signup": "closed: people are added by admins; it shows that and nothing else",
    "account_email": "leads on: an address is changed by an admin",
    "account_confirm_login_code": "no code is sent for a sign-in",
    "account_inactive": "shown only to a person whose account was ended while they signed in",
    "account_email_verification_sent": "no mail is sent for verification",
    "account_confirm_email": "no mail is sent for verification",
    "account_reset_password": "nobody gets a password by mail; an admin sets a new one",
    "account_reset_password_done": "see account_reset_password",
    "account_reset_password_from_key": "see account_reset_password",
    "account_reset_password_from_key_done": "see account_reset_password",
    "account_set_password": "leads to the change of the password, for whoever has one",
    "mfa_authenticate": "the second step of a sign-in; without one begun it leads to the sign-in",
    "mfa_reauthenticate": "for those with a second factor only; the same form as account_reauthenticate",
    "mfa_reauthenticate_webauthn": "asks a security key, which this browser has not",
    "mfa_login_webauthn": "JSON for the script of the sign-in",
    "mfa_deactivate_totp": "for those with a second factor only",
    "mfa_generate_recovery_codes": "for those with a second factor only",
    "mfa_view_recovery_codes": "for those with a second factor only",
    "mfa_download_recovery_codes": "a file",
    "mfa_edit_webauthn": "for those with a security key only",
    "mfa_remove_webauthn": "for those with a security key only",
}

ACCOUNT = ("account_login", "account_logout", "account_change_password", "account_reauthenticate", "mfa_index", "mfa_activate_totp",
           "mfa_list_webauthn", "mfa_add_webauthn")  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """One look at a page: which, by whom, where, and with which status it answers."""

    name: str
    who: str | None
    path: str
    status: int = 200

    def __str__(self) -> str:
        return f"{self.name} by {self.who or 'a stranger'}"


def patterns(found: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site."""
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


def pages() -> dict[str, URLPattern]:
    """Every named address that answers a browser's GET."""
    found = {}
    for path, one in patterns(get_resolver().url_patterns):
        if path.startswith("api/v1/"):
            continue
        view = getattr(one.callback, "view_class", None)
        only_posts = view is not None and not hasattr(view, "get")
        posts_by_name = view is not None and "get" not in getattr(view, "http_method_names", ["get"])
        if not only_posts and not posts_by_name:
            found[str(one.name)] = one
    return found


WORDS = {"slug": "agency", "number": "case", "verb": "verb", "letter": "letter", "run": "run", "approval": "approval",
         "person": "person", "code": "instrument", "book": "book", "signer": "signer", "suppression": "suppression", "consent": "consent",
         "draft": "draft", "question": "question"}  # fmt: skip
PLAIN = [(wall.name, who, wall.query) for wall in WALLS if wall.method == "GET" for who in ROLES
         if who in wall.may and not wall.name.endswith("-api") and wall.name not in EXCUSED]  # fmt: skip
# Whom the table of walls leaves out because they are led elsewhere.
LED_ELSEWHERE = {("case-close", "aud"), ("case-close", "nia"), ("case-release", "aud"), ("case-release", "nia")}


def plain_visits(things: dict[str, Any]) -> list[Visit]:
    """One visit for each page and role of the table of walls, and the pages of the own account."""
    visits = []
    for name, who, query in dict.fromkeys(PLAIN):
        if (name, who) not in LED_ELSEWHERE:
            visits.append(Visit(name, who, path_of(name, things) + query))
    visits += [Visit(name, "ana", reverse(name)) for name in ACCOUNT if name != "account_login"]
    visits.append(Visit("account_login", None, reverse("account_login")))
    return visits


def path_of(name: str, things: dict[str, Any]) -> str:
    """The address of a page about the stage's things."""
    pattern = pages()[name].pattern
    try:
        return reverse(name, kwargs={word: things[WORDS[word]] for word in pattern.converters})
    except (KeyError, NoReverseMatch) as problem:
        raise AssertionError(f"tests/browser/visits.py does not know what {name} is about: {problem}") from problem


def states(things: dict[str, Any]) -> list[Visit]:
    """Pages in a state that their plain address does not show."""
    numbers = things["numbers"]
    return [
        Visit("a queue without a case", "eve", "/queue/"),
        Visit("the cases closed this week", "ana", "/queue/?view=closed"),
        Visit("a filter that finds nothing", "ana", "/queue/?q=nothing-like-it"),
        Visit("a search without a find", "ana", "/search/?q=nothing-like-it"),
        Visit("a closed case", "ana", f"/cases/{numbers[FORWARD]}/"),
        Visit("a contained case", "ana", f"/cases/{numbers[MACRO]}/"),
        Visit("a new case", "ana", f"/cases/{numbers[TRAVEL]}/"),
        Visit("an approval that needs two votes", "sol", f"/approvals/{things['southern_approval']}/"),
        Visit("an approval that needs two votes", "zoe", f"/approvals/{things['southern_approval']}/"),
        Visit("a run that waits for the agency", "sol", f"/runs/{things['southern_run']}/"),
        Visit("a home without standing consent", "sol", "/home/"),
        Visit("the decided approvals", "lee", "/approvals/?state=decided"),
        Visit("an account of two agencies", "duo", "/account/"),
        Visit("a prospective directory", "ada", "/agencies/?state=prospective"),
        Visit("an agency without a case", "ada", "/agencies/west/"),
        Visit("no such page", "ana", "/nowhere/", 404),
        Visit("another agency's case", "nia", f"/cases/{numbers[SOUTHERN]}/", 404),
        Visit("not for this role", "ana", "/dead-letters/", 403),
    ]
