"""One playbook in which everything of CACAO 2.0 occurs, for tests that break it."""

import base64
import copy
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from playbooks.definition.graph import EXTENSION

NOW = "2026-11-24T00:00:00.000Z"
LAYOUT = "extension-definition--418ee24c-9cb1-46d9-afa5-309e01aabc7f"


def made(kind: str, name: str) -> str:
    """A stable id."""
    return f"{kind}--{UUID(int=uuid5(NAMESPACE_DNS, f'{kind} {name}').int, version=4)}"


def b64(text: str) -> str:
    """A text in base64."""
    return base64.b64encode(text.encode()).decode()


US = made("identity", "us")
START, FIRST, END = made("start", "main"), made("action", "main"), made("end", "main")
FORK, LOOP, CHOICE = made("if-condition", "main"), made("while-condition", "main"), made("switch-condition", "main")
SPLIT, CALL = made("parallel", "main"), made("playbook-action", "main")
RESCUE, RESCUED = made("action", "rescue"), made("end", "rescue")
PEOPLE, MACHINE, SERVER = made("group", "floor"), made("http-api", "product"), made("ssh", "server")
BASIC, OAUTH, USER = (made(kind, "x") for kind in ("http-basic", "oauth2", "user-auth"))
STATEMENT, TLP, IEP = (made(f"marking-{kind}", "x") for kind in ("statement", "tlp", "iep"))


def manual(text: str, **more: Any) -> dict[str, Any]:
    """A step that a person does."""
    return {"type": "action", "agent": PEOPLE, "commands": [{"type": "manual", "command": text}], **more}


def branches() -> tuple[dict[str, Any], dict[str, str]]:
    """A step and an end for each branch, and the ids of the first steps."""
    workflow: dict[str, Any] = {}
    first: dict[str, str] = {}
    for name in ("yes", "no", "round", "high", "default", "left", "right"):
        first[name], end = made("action", name), made("end", name)
        workflow[first[name]] = manual(f"Do {name} for __host__:value", on_completion=end)
        workflow[end] = {"type": "end"}
    return workflow, first


def commands() -> list[dict[str, Any]]:
    """A command of every type."""
    shells = [{"type": one, "command": "look __host__:value"} for one in ("manual", "bash", "powershell", "ssh", "caldera-cmd")]
    queries = [{"type": one, "command_b64": b64("find __host__:value")} for one in ("elastic", "jupyter", "kestrel", "sigma", "yara")]
    return [
        *shells,
        *queries,
        {"type": "bash", "command_b64": b64("ls"), "description": "x", "version": "1", "playbook_activity": "scan-system",
         "external_references": [{"name": "x", "url": "https://example.com/"}]},
        {"type": "http-api", "command": "POST /hosts/__host__:value HTTP/1.1", "headers": {"X-Host": ["__host__:value"]}, "content": "{}"},
        {"type": "http-api", "command": "GET https://example.com/ HTTP/2", "content_b64": b64("__host__:value")},
        {"type": "openc2-http", "command": "POST /openc2 HTTP/1.1", "content_b64": b64("{}"),
         "headers": {"Authorization": ["Bearer __token__:value"]}},
        {"type": "local-action", "command": "case.note"},
    ]  # fmt: skip


def agents() -> dict[str, Any]:
    """An agent of every type."""
    contact = {"email": {"work": "__mail__:value"}, "phone": {"work": "1"}, "contact_details": "x"}
    place = {"name": "x", "region": "northern-america", "country": "US", "latitude": "38.9", "longitude": "-77.0", "precision": "10"}
    address = {"dname": ["__host__:value"], "ipv4": ["192.0.2.1"], "ipv6": ["2001:db8::1"], "l2mac": ["00:00:5e:00:53:af"],
               "vlan": ["12"], "url": ["https://example.com/"]}  # fmt: skip
    reached = {"address": address, "authentication_info": BASIC, "category": ["server"]}
    every: dict[str, dict[str, Any]] = {
        PEOPLE: {"type": "group", "contact": contact, "location": place},
        made("individual", "x"): {"type": "individual", "contact": contact},
        made("organization", "x"): {"type": "organization", "contact": contact},
        made("location", "x"): {"type": "location", "logical": ["room"]},
        made("sector", "x"): {"type": "sector", "sector": "energy"},
        made("security-category", "x"): {"type": "security-category", "category": ["endpoint"]},
        made("net-address", "x"): {"type": "net-address", **reached},
        made("linux", "x"): {"type": "linux", **reached, "port": "22"},
        MACHINE: {"type": "http-api", **reached, "port": "__port__:value"},
    }
    extended = {"description": "x", "agent_target_extensions": {LAYOUT: {"x": 1}}}
    return {key: {"name": "__host__:value", **extended, **one} for key, one in every.items()}


def markings() -> dict[str, Any]:
    """A marking of every type."""
    texts = ("tlp", "encrypt_in_transit", "permitted_actions", "affected_party_notifications", "attribution", "unmodified_resale")
    of_iep = {**dict.fromkeys(texts, "x"), "name": "x", "description": "x", "iep_version": 2, "start_date": NOW, "end_date": None}
    every: dict[str, dict[str, Any]] = {
        STATEMENT: {"type": "marking-statement", "statement": "x", "marking_extensions": {LAYOUT: {}}},
        TLP: {"type": "marking-tlp", "tlpv2_level": "TLP:AMBER+STRICT"},
        IEP: {"type": "marking-iep", "external_references": [], **of_iep},
    }
    common = {"created_by": US, "created": NOW, "labels": ["x"], "valid_from": NOW, "valid_until": "2027-11-24T00:00:00.000Z"}
    return {key: {"id": key, **common, **one} for key, one in every.items()}


def signature(**more: Any) -> dict[str, Any]:
    """A signature in form."""
    named = {"type": "jss", "id": made("signature", "x"), "created_by": US, "created": NOW, "modified": NOW, "signee": "x"}
    of = {"related_to": made("playbook", "x"), "related_version": NOW}
    return {**named, **of, "hash_algorithm": "sha-256", "algorithm": "ES384", "public_key": "x", "value": "x", **more}


def everything() -> dict[str, Any]:
    """A sound playbook in which every object, step, command and property occurs."""
    workflow, first = branches()
    ours = {"approval": {"title": "Isolate __host__:value"}, "arguments": {"text": "__local__:value"}, "outputs": {"__key__": "key"}}
    workflow |= {
        START: {"type": "start", "name": "Begin", "on_completion": FIRST},
        FIRST: {
            "type": "action", "name": "Act", "description": "x", "owner": US, "delay": 0, "timeout": 60_000, "agent": MACHINE,
            "targets": [SERVER], "commands": commands(), "in_args": ["__host__"], "out_args": ["__key__", "__local__"],
            "step_variables": {"__local__": {"type": "string", "value": ""}}, "on_success": FORK, "on_failure": CALL,
            "external_references": [{"name": "x", "description": "y"}], "step_extensions": {LAYOUT: {"x": 1}, EXTENSION: ours},
        },
        FORK: {"type": "if-condition", "condition": "__count__:value > 3", "on_true": first["yes"], "on_false": first["no"],
               "on_completion": LOOP},
        LOOP: {"type": "while-condition", "condition": "__count__:value < 10", "on_true": first["round"], "on_completion": CHOICE,
               "step_extensions": {EXTENSION: {"budget": {"iterations": 5, "seconds": 60}}}},
        CHOICE: {"type": "switch-condition", "switch": "__severity__:value", "cases": {"high": first["high"], "default": first["default"]},
                 "on_success": SPLIT, "on_failure": SPLIT},
        SPLIT: {"type": "parallel", "next_steps": [first["left"], first["right"]], "on_completion": CALL},
        CALL: {"type": "playbook-action", "playbook_id": made("playbook", "other"), "playbook_version": NOW, "in_args": ["__host__"],
               "out_args": ["__key__"], "on_completion": END},
        END: {"type": "end", "name": "Done"},
        RESCUE: manual("Look at __problem__:value", on_completion=RESCUED),
        RESCUED: {"type": "end"},
    }  # fmt: skip
    external = {"type": "string", "external": True}
    reference = {"type": "extension-definition", "name": "x", "created_by": US, "schema": "https://example.com/x.json", "version": "1.0.0"}
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": made("playbook", "x"), "name": "Everything", "description": "x",
        "playbook_types": ["mitigation"], "playbook_activities": ["scan-system"],
        "playbook_processing_summary": {"if_logic": True, "manual_playbook": False}, "created_by": US, "created": NOW, "modified": NOW,
        "revoked": False, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00.5Z",
        "derived_from": [made("playbook", "older")], "related_to": [made("malware", "x")], "priority": 1, "severity": 100, "impact": 0,
        "industry_sectors": ["energy"], "labels": ["x"], "external_references": [{"name": "x", "source": "y"}],
        "markings": [STATEMENT, TLP, IEP], "workflow_start": START, "workflow_exception": RESCUE, "workflow": workflow,
        "playbook_variables": {
            **dict.fromkeys(("__host__", "__mail__", "__port__", "__password__", "__token__", "__severity__"), external),
            "__count__": {"type": "integer", "value": "5"}, "__key__": {"type": "string", "value": None},
            "__fixed__": {"type": "ipv4-addr", "value": "192.0.2.1", "constant": True},
            "__facts__": {"type": "dictionary", "value": {"a": 1}, "description": "x"},
        },
        "playbook_extensions": {LAYOUT: {"x": 1}},
        "authentication_info_definitions": {
            BASIC: {"type": "http-basic", "name": "x", "description": "x", "user_id": "service", "password": "__password__:value"},
            OAUTH: {"type": "oauth2", "kms": True, "kms_key_identifier": "key-1", "authentication_info_extensions": {LAYOUT: {}}},
            USER: {"type": "user-auth", "username": "root", "password": "__password__:value"},
        },
        "agent_definitions": agents(),
        "target_definitions": {SERVER: {"type": "ssh", "name": "x", "address": {"vlan": [7]}, "port": "22", "authentication_info": USER}},
        "extension_definitions": {LAYOUT: reference, EXTENSION: {**reference, "external_references": [{"name": "x", "external_id": "y"}]}},
        "data_marking_definitions": markings(),
        "signatures": [signature(signature=signature(id=made("signature", "y")))],
    }  # fmt: skip


def broken(changes: dict[str, Any]) -> dict[str, Any]:
    """Everything, with some places changed: a path of names separated by blanks, and what stands there instead (... for nothing)."""
    document = everything()
    for path, value in changes.items():
        *way, last = path.split(" ")
        one: Any = document
        for name in way:
            one = one[int(name)] if isinstance(one, list) else one.setdefault(name, {})
        if value is ...:
            del one[last]
        elif isinstance(one, list):
            one[int(last)] = value
        else:
            one[last] = copy.deepcopy(value)
    return document
