"""From elements of BPMN to a graph: every process of the file, sub-processes laid open, with what could not be carried."""

from playbooks.definition.bpmn.events import EVENTS, Meaning, kind_of, meaning_of
from playbooks.definition.bpmn.flow import ATTEMPT, CALL, END, EVERY, NOTHING, ONE, SOME, WORK, Flow, Left, Node, Way
from playbooks.definition.bpmn.markup import Element, Unreadable
from playbooks.definition.bpmn.words import key_of, line, lines, playbook_id

TASKS = ("task", "serviceTask", "userTask", "sendTask", "receiveTask", "scriptTask", "manualTask", "businessRuleTask")
PARTS = ("subProcess", "transaction", "adHocSubProcess")
GATEWAYS = {
    "exclusiveGateway": ONE,
    "eventBasedGateway": ONE,
    "parallelGateway": EVERY,
    "inclusiveGateway": SOME,
    "complexGateway": SOME,
}
FLOW_NODES = (*TASKS, "callActivity", *PARTS, *GATEWAYS, *EVENTS)
# Read elsewhere, or without a meaning for a run.
SILENT = {"sequenceFlow", "incoming", "outgoing", "documentation", "laneSet", "association", "textAnnotation", "extensionElements", "group"}
DATA = {"dataObject", "dataObjectReference", "dataStoreReference", "dataStore", "property", "ioSpecification"}
SPLIT, OUT, BEGIN = "#split", "#out", "#begin"
MOST_NODES = 600
DEEPEST = 20


def read(definitions: Element) -> Flow:
    """The graph that a file draws. Raises Unreadable when it draws none."""
    return _Reading(definitions).flow()


class _Reading:
    def __init__(self, definitions: Element) -> None:
        self.definitions = definitions
        self.nodes: dict[str, Node] = {}
        self.left: dict[Left, None] = {}
        self.texts: list[str] = []
        self.named: dict[str, Element] = {}
        for one in definitions.walk():
            if one.id and not one.other:
                if one.id in self.named and one.tag in FLOW_NODES:
                    raise Unreadable(f"two elements have the id {one.id[:80]}; give each an id of its own")
                self.named.setdefault(one.id, one)
        self.groups = self._groups()
        self.notes = self._notes()

    def flow(self) -> Flow:
        """Every process that no other calls, side by side when they are several."""
        processes = [one for one in self.definitions.all("process") if one.all(*FLOW_NODES)]
        if not processes:
            raise Unreadable("the file holds no process with a task, an event or a gateway")
        called = {one.attributes.get("calledElement", "") for process in processes for one in process.walk() if one.tag == "callActivity"}
        roots = [one for one in processes if one.id not in called] or processes[:1]
        names = [line(one.attributes.get("name", "") or self._pool(one) or one.id or "Workflow") for one in roots]
        starts = [self._part(one, "", "", name, 0) for one, name in zip(roots, names, strict=True)]
        start = starts[0]
        if len(roots) > 1:
            start = BEGIN
            name = " and ".join(names)
            self.nodes[BEGIN] = Node(BEGIN, roots[0].id, "collaboration", line(name), divides=EVERY, ways=[Way(one) for one in starts])
            self._leave(roots[0], "the file draws several processes; they stand side by side in one draft, and messages are told by people")
        for one in self.definitions.walk():
            if one.tag == "messageFlow" and not one.other:
                self._leave(one, "messages between pools are not carried; people tell each other")
        for one in self.definitions.all("choreography", "globalUserTask", "globalTask", "globalScriptTask", "globalConversation"):
            self._leave(one, "only processes are carried")
        # Modelling tools give every file the same outermost ids, so the name counts as well.
        key = "\x1f".join((self.definitions.id, *(f"{one.id}\x1f{name}" for one, name in zip(roots, names, strict=True))))
        namespace = self.definitions.attributes.get("targetNamespace", "")
        description = "\n".join(dict.fromkeys(one for one in (*(self._documented(one) for one in roots), *self.texts) if one))
        return Flow(line(" and ".join(names)), namespace, key, roots[0].id, description, start, self.nodes, self.left)

    # One container: a process, a called process or a sub-process.

    def _part(self, part: Element, prefix: str, after: str, name: str, depth: int) -> str:
        """Lay a container open; `after` is where its ends lead (nothing: they end the book). Returns where it begins."""
        if depth > DEEPEST:
            raise Unreadable(f"sub-processes are nested more than {DEEPEST} deep")
        elements = [one for one in part.all(*FLOW_NODES) if one.attributes.get("triggeredByEvent") not in ("true", "1")]
        for element in elements:
            element.attributes.setdefault("id", f"{part.id}-{element.tag}-{len(self.nodes)}")
        own = {element.id: element for element in elements}
        flows = self._flows(part, own)
        for element in elements:
            self._node(element, flows.get(element.id, []), prefix, after, depth)
        for element in part.all("boundaryEvent"):
            self._boundary(element, prefix)
        self._links(elements, prefix)
        self._rest(part)
        entered = {way.target for element in elements for way in flows.get(element.id, ())}
        return self._begin(part, [one for one in elements if one.id not in entered], elements, prefix, name)

    def _flows(self, part: Element, own: dict[str, Element]) -> dict[str, list[Way]]:
        found: dict[str, list[Way]] = {}
        for flow in part.all("sequenceFlow"):
            source, target = flow.attributes.get("sourceRef", ""), flow.attributes.get("targetRef", "")
            if source not in own or target not in own:
                self._leave(flow, "the flow begins or ends at nothing that is drawn here")
                continue
            if own[target].tag in ("startEvent", "boundaryEvent"):
                self._leave(flow, "no flow can lead to a start or to the edge of an activity")
                continue
            condition = flow.first("conditionExpression")
            text = line(condition.text, 400) if condition else ""
            way = Way(target, line(flow.attributes.get("name", "")), text, own[source].attributes.get("default") == flow.id != "")
            if text:
                self._leave(flow, f"the expression is not computed: a person decides, and reads it ({text})")
            found.setdefault(source, []).append(way)
        return found

    def _node(self, element: Element, ways: list[Way], prefix: str, after: str, depth: int) -> None:
        if len(self.nodes) > MOST_NODES:
            raise Unreadable(f"more than {MOST_NODES} tasks, events and gateways; cut the workflow into several files")
        node = Node(prefix + element.id, element.id, element.tag, self._name(element), group=self.groups.get(element.id, ""))
        node.description = self._description(element)
        node.ways = [Way(prefix + way.target, way.label, way.condition, way.default) for way in ways]
        self.nodes[node.id] = node
        if element.tag in GATEWAYS:
            self._gateway(element, node)
        elif element.tag in PARTS:
            self._inside(element, node, prefix, depth)
        elif element.tag == "callActivity":
            self._call(element, node, prefix, depth)
        elif element.tag in EVENTS:
            self._event(element, node)
        else:
            node.does = WORK
            self._task(element)
        last = self.nodes.get(node.id + OUT, node)
        if last.ways and last.does == END:
            self._leave(element, "flows that leave an end are not followed")
            last.ways = []
        if not last.ways and after:
            last.does = NOTHING if last.does == END else last.does
            last.ways = [Way(after)]
        self._divide(last)

    def _divide(self, node: Node) -> None:
        """Several flows that leave something that is no gateway: all of them, or those whose condition holds."""
        if node.divides or len(node.ways) < 2:
            return
        node.divides = EVERY
        if any(way.condition or way.default for way in node.ways):
            node.divides = SOME
            for way in node.ways:
                way.always = not way.condition and not way.default
            node.question = f"What follows {node.name}?"

    def _gateway(self, element: Element, node: Node) -> None:
        node.divides = GATEWAYS[element.tag]
        node.joins = element.tag == "parallelGateway"
        if node.divides == ONE:  # a flow without words beside one with words to the same place says nothing of its own
            said = {way.target for way in node.ways if way.label or way.condition}
            node.ways = [way for way in node.ways if way.label or way.condition or way.default or way.target not in said]
        node.question = line(element.attributes.get("name", "")) or next((line(one) for one in self.notes.get(element.id, ())), "")
        if element.tag == "complexGateway":
            self._leave(element, "its rule is not computed: a person decides which ways are taken")
        if element.tag == "eventBasedGateway":
            node.question = node.question or "What happens first?"
            for way in node.ways:
                follower = self.named.get(way.target.rsplit("/", 1)[-1])
                way.label = way.label or (self._name(follower) if follower else "")
        told = [way.label for way in node.ways if way.label]
        if not node.question and node.divides != EVERY:
            which = "Which way" if node.divides == ONE else "Which of these apply"
            node.question = line(f"{which}: {', '.join(told)}?" if told else f"{which}?")
        if not element.attributes.get("name", "").strip():
            node.name = node.question or "Side by side"

    def _task(self, element: Element) -> None:
        script = element.first("script")
        if script is not None and script.text.strip():
            self._leave(element, "the script is kept as a text that a person reads; it is not run")
        if element.first("multiInstanceLoopCharacteristics") or element.first("standardLoopCharacteristics"):
            self._leave(element, "the repetition is kept as a remark for the person who does it")
        if element.first("extensionElements") is not None:
            self._leave(element, "settings of the tool that drew it are not carried")

    def _inside(self, element: Element, node: Node, prefix: str, depth: int) -> None:
        out = Node(node.id + OUT, element.id, element.tag, node.name, ways=node.ways, group=node.group)
        self.nodes[out.id] = out
        self._task(element)
        if element.tag != "subProcess":
            self._leave(element, "carried as a plain sub-process; what makes it a transaction or ad hoc is not")
        if not element.all(*FLOW_NODES):  # drawn closed: the work is known by its name only
            node.does, node.ways = WORK, [Way(out.id)]
            return
        node.ways = [Way(self._part(element, prefix, out.id, node.name, depth + 1))]

    def _call(self, element: Element, node: Node, prefix: str, depth: int) -> None:
        called = line(element.attributes.get("calledElement", ""))
        process = next((one for one in self.definitions.all("process") if one.id and one.id == called), None)
        self._task(element)
        if process is not None and process.all(*FLOW_NODES) and f"{called}/" not in prefix:
            out = Node(node.id + OUT, element.id, element.tag, node.name, ways=node.ways, group=node.group)
            self.nodes[out.id] = out
            node.ways = [Way(self._part(process, f"{prefix}{element.id}/{called}/", out.id, node.name, depth + 1))]
            return
        node.does = CALL
        node.callee = playbook_id(self.definitions.attributes.get("targetNamespace", ""), called or node.name)
        self._leave(element, f"calls {called or node.name}, which is not in this file: publish that playbook under the id {node.callee}")

    def _event(self, element: Element, node: Node) -> None:
        meaning: Meaning = meaning_of(element, self.named, bool(node.ways), self.definitions.attributes.get("targetNamespace", ""))
        kind, _ = kind_of(element, self.named)
        node.name, node.does, node.wait, node.callee = meaning.name, meaning.does, meaning.wait, meaning.callee
        if element.first("linkEventDefinition") is not None and element.tag == "intermediateCatchEvent":
            node.does = NOTHING
        elif element.tag == "startEvent" or (element.tag == "intermediateCatchEvent" and not self._is_entered(element)):
            node.does = NOTHING
            self.texts.append(f"Begins with: {meaning.name}.")
            if kind:
                unset = f"its trigger ({kind}) is not set: a rule of the agency or a person starts the draft"
                self._leave(element, meaning.remark or unset)
        elif self._is_chosen(element):  # an event-based gateway has asked which came first
            node.does = NOTHING
        elif meaning.remark:
            self._leave(element, meaning.remark)

    def _is_entered(self, element: Element) -> bool:
        return element.id in self._targets()

    def _is_chosen(self, element: Element) -> bool:
        return element.tag == "intermediateCatchEvent" and self._targets().get(element.id) == "eventBasedGateway"

    def _targets(self) -> dict[str, str]:
        """What kind of element leads to each element (of an event after a gateway there is one)."""
        if not hasattr(self, "_leading"):
            flows = [one for one in self.named.values() if one.tag == "sequenceFlow"]
            self._leading = {
                one.attributes.get("targetRef", ""): self.named[one.attributes.get("sourceRef", "")].tag
                for one in flows
                if one.attributes.get("sourceRef", "") in self.named
            }
        return self._leading

    def _boundary(self, element: Element, prefix: str) -> None:
        """What may happen at the edge of an activity: its failure, its time, or anything else that a person sees."""
        event, host = self.nodes[prefix + element.id], self.nodes.get(prefix + element.attributes.get("attachedToRef", ""))
        if host is None or host.element in EVENTS or host.element in GATEWAYS:
            self._leave(element, "it stands at the edge of nothing that is drawn here")
            return
        if not event.ways and event.does == NOTHING:
            self._leave(element, "nothing follows it")
        meaning = meaning_of(element, self.named, bool(event.ways), "")
        event.does = NOTHING
        if element.attributes.get("cancelActivity") in ("false", "0"):
            self._leave(element, "drawn to run beside the activity; the draft asks for it when the activity is over")
        last = self.nodes.get(host.id + OUT, host)
        way = Way(event.id, event.name)
        alone = last is host and host.does in (WORK, CALL) and not host.question.startswith("How did")
        if alone and meaning.breaks and not host.divides:
            host.divides, host.wait, host.ways = ATTEMPT, meaning.wait, [*self._onward(host), way]
            if meaning.wait:
                self._leave(element, "a failure of the activity takes this way as well as the end of its time")
            return
        # More than success and failure: a person says what happened.
        if last.divides != ONE:
            last.ways = self._onward(last)
        last.divides, last.wait, last.question = ONE, 0, f"How did {last.name} end?"
        last.ways = [*last.ways, way]
        if last.ways[0].label == "":
            last.ways[0].label = "Done"
        self._leave(element, "the draft asks a person whether it happened")

    def _onward(self, node: Node) -> list[Way]:
        """The one way on after an activity; what divided there divides behind it."""
        if node.divides == ATTEMPT or (len(node.ways) == 1 and not node.divides):
            return node.ways
        behind = Node(node.id + SPLIT, node.source, node.element, node.name, divides=node.divides, ways=node.ways, question=node.question)
        self.nodes[behind.id] = behind
        node.divides = ""
        return [Way(behind.id)]

    def _links(self, elements: list[Element], prefix: str) -> None:
        """A link is a flow that is not drawn."""
        caught: dict[str, str] = {}
        for element in elements:
            link = element.first("linkEventDefinition")
            if link is not None and element.tag == "intermediateCatchEvent":
                caught[line(link.attributes.get("name", "") or element.attributes.get("name", ""))] = prefix + element.id
        for element in elements:
            link = element.first("linkEventDefinition")
            if link is None or element.tag != "intermediateThrowEvent":
                continue
            to = caught.get(line(link.attributes.get("name", "") or element.attributes.get("name", "")))
            if to is None:
                self._leave(element, "the link leads to nothing that is drawn here; the way ends")
                continue
            self.nodes[to].does = self.nodes[prefix + element.id].does = NOTHING
            self.nodes[prefix + element.id].ways = [Way(to)]

    def _begin(self, part: Element, first: list[Element], elements: list[Element], prefix: str, name: str) -> str:
        """Where a container begins: its start events and what no flow leads to."""
        linked = {way.target for element in elements for way in self.nodes[prefix + element.id].ways}
        first = [one for one in first if one.tag != "boundaryEvent" and prefix + one.id not in linked]
        first = [one for one in first if one.attributes.get("isForCompensation") not in ("true", "1")]
        events = [one for one in first if one.tag in ("startEvent", "intermediateCatchEvent")]
        first = events or first
        if not first:
            first = elements[:1]
            self._leave(part, f"it has no beginning; the draft begins with {self._name(first[0])}")
        ids = [prefix + one.id for one in first]
        if len(ids) == 1:
            return ids[0]
        node = Node(f"{prefix}{part.id}{BEGIN}", part.id, part.tag, name, divides=ONE if events else EVERY)
        node.question = f"How does {name} begin?"
        node.ways = [Way(one, self.nodes[one].name) for one in ids]
        self.nodes[node.id] = node
        return node.id

    def _rest(self, part: Element) -> None:
        """Everything in a container that is no step."""
        for one in part.children:
            if one.other or one.tag in SILENT or (one.tag in FLOW_NODES and one.attributes.get("triggeredByEvent") not in ("true", "1")):
                continue
            if one.tag in FLOW_NODES:
                inside = [self._name(inner) for inner in one.walk() if inner.tag in FLOW_NODES and inner is not one]
                self._leave(one, line("starts by an event at any time, which a playbook cannot: " + "; ".join(inside), 1000))
            elif one.tag in DATA:
                self._leave(one, "data is not carried; what steps hand on is for the agency to add")
        for note in part.all("textAnnotation"):
            if not any(self._text(note) in texts for texts in self.notes.values()):
                self.texts.append(self._text(note))

    # Words.

    def _name(self, element: Element) -> str:
        own = line(element.attributes.get("name", ""))
        return own or key_of(element.tag.replace("Task", " task").replace("Event", " event")).replace("_", " ").capitalize()

    def _documented(self, element: Element) -> str:
        return "\n".join(lines(one.text) for one in element.all("documentation") if one.text.strip())

    def _description(self, element: Element) -> str:
        texts = [self._documented(element), *self.notes.get(element.id, ())]
        script = element.first("script")
        if script is not None and script.text.strip():
            texts.append(f"Script ({line(element.attributes.get('scriptFormat', '') or 'no format given')}):\n{lines(script.text)}")
        if element.first("multiInstanceLoopCharacteristics") or element.first("standardLoopCharacteristics"):
            texts.append("Repeat this for each item, or until it is done.")
        return lines("\n".join(one for one in texts if one))

    def _text(self, note: Element) -> str:
        text = note.first("text")
        return lines(text.text) if text is not None else ""

    def _notes(self) -> dict[str, list[str]]:
        """The annotations of each element."""
        found: dict[str, list[str]] = {}
        for one in self.definitions.walk():
            if one.tag == "association" and not one.other:
                ends = [one.attributes.get("sourceRef", ""), one.attributes.get("targetRef", "")]
                for at, note in (ends, ends[::-1]):
                    if note in self.named and self.named[note].tag == "textAnnotation" and self._text(self.named[note]):
                        found.setdefault(at, []).append(self._text(self.named[note]))
        return found

    def _groups(self) -> dict[str, str]:
        """Whose lane (or pool) each element stands in; the innermost lane counts."""
        found: dict[str, str] = {}
        for one in self.definitions.all("collaboration"):
            for pool in one.all("participant"):
                process = self.named.get(pool.attributes.get("processRef", ""))
                name = line(pool.attributes.get("name", ""))
                if process is not None and process.tag == "process" and name:
                    found |= {inner.id: name for inner in process.walk() if inner.tag in FLOW_NODES}
        for one in self.definitions.walk():
            if one.tag == "lane" and line(one.attributes.get("name", "")):
                for ref in one.all("flowNodeRef"):
                    element = self.named.get(ref.text.strip())
                    if element is not None:
                        found |= {inner.id: line(one.attributes["name"]) for inner in element.walk() if inner.tag in FLOW_NODES}
        return found

    def _pool(self, process: Element) -> str:
        pools = [pool for one in self.definitions.all("collaboration") for pool in one.all("participant")]
        return next((one.attributes.get("name", "") for one in pools if one.attributes.get("processRef") == process.id), "")

    def _leave(self, element: Element, reason: str) -> None:
        self.left[Left(element.id, element.tag, line(element.attributes.get("name", "")), reason)] = None
