"""Products that a playbook means by an address: which connector that is, and what exactly is requested of it. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from playbooks.definition.graph import Agent, Command, Node
from playbooks.definition.places import filled_for
from playbooks.definition.variables import UndefinedVariable, UnfitValue, in_a_header
from playbooks.rendering import CannotRender, lasting, used

# Who carries a command out with their own hands, whatever its target is.
PEOPLE = ("individual", "group", "organization", "location", "sector")
# As HTTP has it, and as some playbooks write it: GET get HTTP1.1
START_LINE = re.compile(r"(?P<method>[A-Za-z]+)\s+(?P<target>\S+)(?:\s+HTTP/?\d(?:\.\d)?)?")
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What the engine says itself, and what belongs to the connection.
OURS = {"authorization", "proxy-authorization", "cookie", "idempotency-key", "host", "content-length", "transfer-encoding", "connection"}
OURS |= {"keep-alive", "te", "trailer", "upgrade", "expect"}
LONGEST_URL = 8000
PORTS = {"https": 443, "http": 80}


class Reached(Protocol):
    """What this asks of a connector."""

    base_url: str


C = TypeVar("C", bound=Reached)


@dataclass(frozen=True)
class Request:
    """What one kind of product is asked: its action, the class of its effect, headers, and the content as it is sent."""

    action: str
    effect: str
    headers: dict[str, str]
    content: str = ""
    lookup: str = ""
    undo: Mapping[str, Any] | None = None  # the request to the same address that takes it back


def addresses(node: Node, unit: tuple[int, int], values: Mapping[str, Any]) -> list[SplitResult]:
    """Where the step's target is, or else its agent, as addresses with host, port and path; none when people do it themselves."""
    agent, target = node.agent, node.targets[unit[1]] if node.targets else None
    if agent is None or agent.kind in PEOPLE:
        return []
    named = next((one for one in (target, agent) if one is not None and one.kind == "http-api" and one.address), None)
    found = []
    for text in _written(named) if named else ():
        try:
            address = urlsplit(filled_for("url", text, values))
            found += [address] if address.port != 0 else []  # says here, too, whether it is a number
        except (UndefinedVariable, UnfitValue, ValueError):
            continue
    return [one for one in found if one.hostname]


def _written(one: Agent) -> Iterator[str]:
    """The addresses of an agent as texts of one form, the fullest first."""
    yield from one.address.get("url", ())
    port = f":{one.port}" if one.port else ""
    for host in (*one.address.get("dname", ()), *one.address.get("ipv4", ())):
        yield f"any://{host}{port}"
    for host in one.address.get("ipv6", ()):
        yield f"any://{host if host.startswith('__') else f'[{host}]'}{port}"


def means(address: SplitResult, base_url: str) -> bool:
    """Whether an address is on the host of a connector; a port counts where the address names one."""
    base = urlsplit(base_url)
    port = address.port or (443 if address.scheme == "https" else None)
    return address.hostname == base.hostname and port in (None, base.port or PORTS.get(base.scheme))


def start_of(command: Command, address: SplitResult, values: Mapping[str, Any]) -> tuple[str, str]:
    """Method and path (with its query) of a request to an address, every value quoted for its place. Raises CannotRender."""
    line = START_LINE.fullmatch(command.text.strip())
    if line is None:
        raise CannotRender("The command is no start line of a request, like GET /hosts HTTP/1.1")
    try:
        wanted = urlsplit(filled_for("url", line["target"], values))
    except (UndefinedVariable, UnfitValue, ValueError) as error:
        raise CannotRender(f"The address cannot be written: {error}") from error
    if wanted.scheme and wanted.hostname != address.hostname:
        raise CannotRender(f"The request goes to {wanted.hostname or 'no host'}, and its target is {address.hostname}")
    path = wanted.path if wanted.path.startswith("/") else f"/{wanted.path}"
    above = address.path.rstrip("/")
    if above and not wanted.scheme and path != above and not path.startswith(f"{above}/"):
        path = address.path if path == "/" else above + path
    asked = path + (f"?{wanted.query}" if wanted.query else "")
    if any(unquote(part) in (".", "..") for part in path.split("/")) or len(asked) > LONGEST_URL or not asked.isprintable():
        raise CannotRender("The address cannot be written: it climbs, is too long, or holds characters that no address has")
    return line["method"].upper(), asked


def chosen(some: Iterable[C], asked: str) -> tuple[C, str]:
    """The connector whose base address lies the nearest above the path, with the whole address. Raises CannotRender when none does."""
    bases = [(one, urlsplit(one.base_url)) for one in some]
    path = asked.partition("?")[0]
    above = [(one, base) for one, base in bases if path == base.path or path.startswith(f"{base.path.rstrip('/')}/")]
    if not above:
        raise CannotRender(f"{path} is not below {' or '.join(one.base_url for one, _ in bases)}")
    best, base = max(above, key=lambda pair: len(pair[1].path))
    return best, f"{base.scheme}://{base.netloc}{asked}"


def headers_of(command: Command, values: Mapping[str, Any]) -> dict[str, str]:
    """The headers that the book gives, without those that the engine says itself. Raises CannotRender."""
    headers = {}
    for name, text in sorted(command.headers.items()):
        if name.lower() in OURS:
            continue
        try:
            headers[name] = in_a_header(filled_for("header", text, values))
        except (UndefinedVariable, UnfitValue) as error:
            raise CannotRender(f"The header {name[:60]!r} cannot be written: {error}") from error
        if not FIELD_NAME.fullmatch(name):
            raise CannotRender(f"{name[:60]!r} is no name of a header")
    return headers


def said_in(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, whatever the case of its name; empty when it is not there."""
    return next((text for given, text in headers.items() if given.lower() == name.lower()), "")


def written(
    request: Request,
    node: Node,
    command: Command,
    values: Mapping[str, Any],
    *,
    connector: Any,
    method: str,
    url: str,
    target: str,
    key: str,
) -> dict[str, Any]:
    """The whole request as people read it, and as it is hashed and held to, with the one that takes it back, if there is one."""
    headers = dict(request.headers)
    if connector.secret_name:
        headers["Authorization"] = f"Bearer [secret {connector.secret_name}]"
    return {
        "kind": "http",
        "action": request.action,
        "effect": request.effect,
        "connector": connector.name,
        "method": method,
        "url": url,
        "headers": headers,
        "body": None,
        "content": request.content,
        "targets": [target],
        "key": key,
        "undo": {"method": method, "url": url, **request.undo, **lasting(node)} if request.undo else None,
        "values": used(node, command, values),
        "returns": list(node.out_args),
        **({"outputs": sorted(set(node.outputs.values()))} if node.outputs else {}),
        **({"lookup": request.lookup} if request.lookup else {}),
    }


def told(rendered: Mapping[str, Any], named: Mapping[str, Any], whole: str) -> dict[str, Any]:
    """What a step gets of an answer: for each name in its `out_args` the member of that bare name (`__ticket__`: `ticket`), and
    likewise for the outputs that our extension names. The only name of a step, if there is no such member, gets the whole answer as text.
    Names that are not found stay as they were.
    """
    bare = [str(name).strip("_") for name in rendered.get("returns", ())]
    wanted = dict.fromkeys([*bare, *rendered.get("outputs", ())])
    found = {name: named[name] for name in wanted if named.get(name) is not None}
    return {next(iter(wanted)): whole} if not found and len(wanted) == 1 and whole else found


def document(text: str) -> Any:
    """The JSON of a text, None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
