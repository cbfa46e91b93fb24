"""Every form of the pages, with something fresh for it to change."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from soc.cases.pages.offers import VERBS
from tests.playbooks.books import END, START, book, manual
from tests.playbooks.signatures import new_pem
from tests.twice.stage import Stage, soon

ONCE = re.compile(r'action="([^"]*)"[^>]*>\s*<input type="hidden" name="csrf[^>]*>\s*<input type="hidden" name="once" value="([^"]+)"')
ONCE_HERE = re.compile(r'<input type="hidden" name="once" value="([^"]+)"')


@dataclass(frozen=True)
class Form:
    """One post of a form, ready to be made as often as one likes; `on` is the page that shows it, where it carries a key."""

    path: str
    data: dict[str, Any] = field(default_factory=dict)
    on: str = ""

    def filled(self, client: Client) -> dict[str, Any]:
        """What a browser sends: the fields, and the key that the page gave the form."""
        if not self.on:
            return self.data
        page = client.get(self.on).content.decode()
        keys = dict(ONCE.findall(page))
        found = keys.get(self.path) or (ONCE_HERE.search(page) or [None, None])[1]
        assert found, f"the form for {self.path} on {self.on} has no field `once`: sent twice, it would act twice"
        return {**self.data, "once": found}


Make = Callable[[Stage], Form]


def verb(name: str, **data: str) -> Make:
    return lambda stage: Form(reverse("case-verb", args=[stage.case().number, name]), {"version": "1", **data})


def on_task(stage: Stage) -> Form:
    case, ref = stage.task()
    return Form(reverse("case-verb", args=[case.number, "task_done"]), {"version": "2", "task": ref})


def release(stage: Stage, address: str = "case-release") -> Form:
    case, ref = stage.line()
    path = reverse(address, args=[case.number] if address == "case-release" else [case.number, "release"])
    return Form(path, {"version": "1", "items": ref})


def reopen(stage: Stage) -> Form:
    return Form(reverse("case-verb", args=[stage.case(closed=True).number, "reopen"]), {"version": "2", "reason": "It is back."})


def vote(stage: Stage) -> Form:
    one = stage.approval()
    return Form(reverse("approval-vote", args=[one.public_id]), {"hash": one.hash, "vote": "approve", "reason": "Yes."})


def breaking(stage: Stage) -> Form:
    one = stage.approval()
    data = {"hash": one.hash, "target": one.rendered["targets"][0], "glass_reason": "It cannot wait."}
    return Form(reverse("approval-break", args=[one.public_id]), data)


def review(stage: Stage) -> Form:
    path = reverse("approval-review", args=[stage.broken().public_id])
    return Form(path, {"verdict": "justified", "note": "It was spreading."})


def answer(stage: Stage) -> Form:
    step = stage.question()
    return Form(reverse("run-answer", args=[step.run.public_id, step.public_id]), {"answer": "yes", "reason": "I called."})


def cancel(stage: Stage) -> Form:
    path = reverse("run-cancel", args=[stage.approval().run.public_id])
    return Form(path, {"reason": "A false alarm.", "way": "cancel"}, on=path)


def undo(stage: Stage) -> Form:
    run, plan = stage.isolated()
    path = reverse("run-undo", args=[run])
    return Form(path, {"hash": plan.hash, "reason": "A false alarm."}, on=path)


def until(stage: Stage) -> Form:
    run, plan = stage.isolated(lasts=True)
    entry = plan.entries[0].id
    data = {"entry": entry, "until": soon()[:16], "reason": "It is not over."}
    return Form(reverse("run-undo-until", args=[run]), data, on=f"{reverse('run-undo', args=[run])}?entry={entry}")


def move(stage: Stage) -> Form:
    run, preview = stage.movable()
    path = reverse("run-move", args=[run.public_id])
    return Form(path, {"version": "2", "preview": preview, "reason": "Better."}, on=path)


def fork(stage: Stage) -> Form:
    run, at = stage.forkable()
    path = reverse("run-log", args=[run.public_id])
    return Form(path, {"at": str(at), "way": "simulate", "reason": "What if."}, on=f"{path}?at={at}")


def start(stage: Stage) -> Form:
    path = reverse("playbook", args=["asking"])
    return Form(path, {"case": stage.case().number, "why": "Now."}, on=path)


def preferences(stage: Stage) -> Form:
    stage.before_preferences()
    return Form(reverse("preferences"), {"theme": "dark"})


def choose_agency(stage: Stage) -> Form:
    stage.before_choosing()
    return Form(reverse("choose-agency"), {"agency": "north"})


def playbook(stage: Stage) -> Form:
    path = reverse("playbook-import")
    steps = {"start": START, "first": manual("Look", on_completion="end"), "end": END}
    return Form(path, {"document": json.dumps(book(steps, start="start", name=stage.word("book"))), "way": "publish"}, on=path)


def new_signer(stage: Stage) -> Form:
    path = reverse("playbook-signers")
    return Form(path, {"name": stage.word("press"), "pem": new_pem()}, on=path)


def revoke(stage: Stage) -> Form:
    path = reverse("playbook-signer", args=[stage.signer()])
    return Form(path, {"reason": "The key was lost.", "read": "on"}, on=path)


def policy(stage: Stage) -> Form:
    return Form(reverse("playbook-signature-policies"), {"agency": "north", "require": stage.another_policy()})


def begun(stage: Stage, name: str = "draft", **data: str) -> Form:
    """A form of a new draft of Nora's."""
    return Form(reverse(name, args=[stage.draft()]), {"version": "1", **data})


def rule(stage: Stage) -> Form:
    path = reverse("playbook-rules", args=["malware-on-a-host"])
    mode = stage.other_mode("severe-case-with-a-host")
    return Form(path, {"rule": "severe-case-with-a-host", "mode": mode, "reason": "To look."}, on=path)


def backtest(stage: Stage) -> Form:
    path = reverse("backtests", args=["malware-on-a-host"])
    return Form(path, {"days": "30", "agency": "north", "way": "all"}, on=path)


def new_agency(stage: Stage) -> Form:
    slug = stage.word("new")
    return Form(reverse("agency-new"), {"slug": slug, "name": slug, "acronym": "N", "kind": "federal_civilian", "size_class": "small"})


def call_tree(stage: Stage) -> Form:
    stage.before_the_call_tree()
    contact = {"name": stage.word("name"), "title": "", "phone": "1", "email": "", "out_of_hours": "0"}
    return Form(reverse("agency-call-tree", args=["north"]), contact, on=reverse("agency", args=["north"]))


def by_hand(stage: Stage) -> Form:
    path = reverse("case-new")
    return Form(path, {"agency": "north", "title": stage.word("call"), "severity": "low", "reason": "They called."}, on=path)


def instrument(stage: Stage) -> Form:
    path = reverse("instrument", args=["m-25-04"])
    return Form(path, {"standing": "lapsed", "effective_from": "2027-01-01", "source": stage.word("page")}, on=path)


def token(stage: Stage) -> Form:
    stage.token(), stage.token()  # two live ones: each new one retires one
    return Form(reverse("token-new"), {"name": "x"}, on=reverse("account"))


# Address (with its verb, where it has one) -> who sends it, and what.
FORMS: dict[str, tuple[str, Make]] = {
    "agency-new": ("ada", new_agency),
    "agency-move": ("ada", lambda s: Form(reverse("agency-move", args=[s.agency().slug]), {"state": "onboarding", "version": "1"})),
    "agency-call-tree": ("ada", call_tree),
    "key-new": ("ada", lambda s: Form(reverse("key-new", args=["north"]), {"name": s.word()}, on=reverse("agency", args=["north"]))),
    "key-revoke": ("ada", lambda s: Form(reverse("key-revoke", args=[s.key()]))),
    "people": ("ada", lambda s: Form(reverse("people"), {"email": f"{s.word()}@watchfloor.example", "name": "New One"})),
    "person": ("ada", lambda s: Form(reverse("person", args=[s.person().public_id]), {"role": "auditor"})),
    "person-deactivate": ("ada", lambda s: Form(reverse("person-deactivate", args=[s.person().public_id]))),
    "person-reactivate": ("ada", lambda s: Form(reverse("person-reactivate", args=[s.inactive().public_id]))),
    "role-end": ("ada", lambda s: Form(reverse("role-end", args=[s.membership().public_id]))),
    "delivery-retry": ("lee", lambda s: Form(reverse("delivery-retry", args=[s.parked()]), {"reason": "Again."})),
    "delivery-skip": ("lee", lambda s: Form(reverse("delivery-skip", args=[s.parked()]), {"reason": "Without."})),
    "preferences": ("nia", preferences),
    "choose-agency": ("nia", choose_agency),
    "token-new": ("ada", token),
    "token-revoke": ("ada", lambda s: Form(reverse("token-revoke", args=[s.token()]))),
    "case-new": ("nora", by_hand),
    "case-close": ("nora", lambda s: Form(reverse("case-close", args=[s.case().number]), {"version": "1", **CLOSING})),
    "case-release": ("nora", release),
    "case-verb claim": ("nora", verb("claim")),
    "case-verb assign": ("nora", verb("assign", owner="ana@watchfloor.example")),
    "case-verb investigate": ("nora", verb("investigate")),
    "case-verb edit": ("nora", verb("edit", title="Another title")),
    "case-verb note": ("nora", verb("note", text="A note.")),
    "case-verb severity": ("nora", verb("severity", severity="low", reason="Less bad.")),
    "case-verb contain": ("nora", verb("contain", reason="Cut off.")),
    "case-verb recover": ("nora", verb("recover", reason="Back.")),
    "case-verb release": ("nora", lambda s: release(s, "case-verb")),
    "case-verb task": ("nora", verb("task", title="Look at it")),
    "case-verb task_done": ("nora", on_task),
    "case-verb suppress": ("nora", lambda s: verb("suppress", until=soon(), reason="Noise.")(s)),
    "case-verb declare": ("nora", verb("declare", kind="incident", reason="It is one.")),
    "case-verb close": ("nora", lambda s: verb("close", **CLOSING)(s)),
    "case-verb reopen": ("nora", reopen),
    "dead-letter": ("lee", lambda s: Form(reverse("dead-letter", args=[s.letter()]), {"way": "body", "body": '{"title": "Mended"}'})),
    "suppression-end": ("lee", lambda s: Form(reverse("suppression-end", args=[s.suppression()]), {"reason": "Enough."})),
    "instrument": ("ada", instrument),
    "consent-give": (
        "nia",
        lambda s: Form(reverse("consent-give"), {"actions": "endpoint.isolate", "note": "x"}, on=reverse("own-agency")),
    ),
    "consent-withdraw": ("nia", lambda s: Form(reverse("consent-withdraw", args=[s.consent()]), {"reason": "Enough."})),
    "approval-vote": ("nora", vote),
    "approval-break": ("lee", breaking),
    "approval-review": ("nora", review),
    "run-answer": ("nora", answer),
    "run-cancel": ("nora", cancel),
    "run-undo": ("nora", undo),
    "run-undo-until": ("nora", until),
    "run-move": ("nora", move),
    "run-log": ("nora", fork),
    "playbook": ("nora", start),
    "playbook-import": ("ada", playbook),
    "playbook-rules": ("ada", rule),
    "backtests": ("nora", backtest),
    "drafts": ("nora", lambda s: Form(reverse("drafts"), {"way": "blank", "name": s.word("book")}, on=reverse("drafts"))),
    "draft": ("nora", lambda s: begun(s, part="book", description="Another.")),
    "draft-discard": ("nora", lambda s: begun(s, "draft-discard")),
    "draft-publish": ("ada", lambda s: begun(s, "draft-publish", note="The first.")),
    "playbook-signers": ("ada", new_signer),
    "playbook-signer": ("ada", revoke),
    "playbook-signature-policies": ("ada", policy),
}
CLOSING = {"disposition": "undetermined", "reason": "Nothing more to find."}


def mutating_addresses() -> Iterator[str]:
    """Every address of ours, outside the API and the sign-in's, that takes a form; verb by verb."""
    for path, pattern in _patterns(get_resolver().url_patterns):
        view = getattr(pattern.callback, "view_class", None)
        if view is None or path.startswith(("accounts/", "api/")) or "post" not in view.http_method_names:
            continue
        own = [cls for cls in view.__mro__ if not cls.__module__.startswith(("tenants.gates", "django"))]
        if any(name in vars(cls) for cls in own for name in ("act", "post", "change")):
            yield from (f"{pattern.name} {one}" for one in VERBS) if pattern.name == "case-verb" else (str(pattern.name),)


def _patterns(found: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one
