"""From blocks to CACAO 2.0: steps with ids that stay, questions with variables, and an end for every branch."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from playbooks.definition.bpmn.blocks import Answer, Arm, Ask, Attempt, Block, Choice, Do, Repeat, Together, When
from playbooks.definition.bpmn.flow import CALL, DELAY, END, NOTHING, ONE, WORK, Flow, Node
from playbooks.definition.bpmn.words import YES, line, lines, playbook_id, step_uuid, variable_of

Step = dict[str, Any]
FLOOR = "Watch floor"


def written(flow: Flow, blocks: Sequence[Block], *, created_by: str, created: str, modified: str) -> dict[str, Any]:
    """The draft as a CACAO 2.0 document. The times are RFC 3339 with three decimals."""
    return _Writing(flow).document(blocks, created_by, created, modified)


class _Writing:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.workflow: dict[str, Step] = {}
        self.variables: dict[str, dict[str, Any]] = {}
        self.names: dict[tuple[str, str, str], str] = {}
        self.agents: dict[str, dict[str, str]] = {}
        self.copies: Counter[str] = Counter()

    def document(self, blocks: Sequence[Block], created_by: str, created: str, modified: str) -> dict[str, Any]:
        book = self.flow.nodes[self.flow.start]
        if not any(isinstance(one, Ask) or (isinstance(one, Do) and one.node.does in (WORK, CALL)) for one in _all(blocks)):
            note = Node("nothing", self.flow.source, "process", f"Carry out {self.flow.name}", WORK)
            note.description = "The drawing names no work: say what was done."
            blocks = [Do(note), *blocks]
        first = self.branch(blocks, book)
        start = self.step(
            "start", "start", book, {"name": line(book.name if book.element == "startEvent" else "Start"), "on_completion": first}
        )
        summary = self._summary()
        return {
            "type": "playbook",
            "spec_version": "cacao-2.0",
            "id": playbook_id(self.flow.namespace, self.flow.name),
            "name": self.flow.name,
            "description": lines(f"Draft made from the BPMN workflow {self.flow.name}.\n{self.flow.description}"),
            **({"playbook_processing_summary": summary} if summary else {}),
            "created_by": created_by,
            "created": created,
            "modified": modified,
            "labels": ["bpmn", "draft"],
            "external_references": [{"name": "BPMN 2.0 workflow", "external_id": self.flow.source or self.flow.name}],
            **({"playbook_variables": dict(sorted(self.variables.items()))} if self.variables else {}),
            "workflow_start": start,
            "workflow": dict(reversed(self.workflow.items())),
            "agent_definitions": self.agents,
        }

    def _summary(self) -> dict[str, bool]:
        kinds = {one["type"] for one in self.workflow.values()}
        said = {
            "manual_playbook": "playbook-action" not in kinds,
            "external_playbooks": "playbook-action" in kinds,
            "parallel_processing": "parallel" in kinds,
            "if_logic": "if-condition" in kinds,
            "while_logic": "while-condition" in kinds,
            "switch_logic": "switch-condition" in kinds,
            "temporal_logic": any("delay" in one or "timeout" in one for one in self.workflow.values()),
        }
        return {key: True for key, value in said.items() if value}

    # Steps, from the last to the first: each knows what follows it.

    def step(self, kind: str, role: str, node: Node, fields: Step) -> str:
        """Add a step; its id follows from the drawing, the element, the role, and which copy it is."""
        self.copies[f"{node.id}\x1f{role}"] += 1
        key = f"{kind}--{step_uuid(self.flow.key, node.id, role, self.copies[f'{node.id}{chr(31)}{role}'])}"
        self.workflow[key] = {"type": kind, **{name: value for name, value in fields.items() if value}}
        return key

    def branch(self, blocks: Sequence[Block], of: Node) -> str:
        """A branch with an end of its own. Returns its first step."""
        last = blocks[-1] if blocks else None
        if isinstance(last, Do) and last.node.does == END:
            end = self.step("end", "end", last.node, {"name": last.node.name, "description": last.node.description})
            return self.chain(blocks[:-1], end, True)
        return self.chain(blocks, self.step("end", "ends", of, {"name": "End"}), True)

    def chain(self, blocks: Sequence[Block], after: str, alone: bool) -> str:
        """Blocks and what follows them; `alone`: nothing else leads to `after`. Returns the first step."""
        for block in reversed(blocks):
            if isinstance(block, Do) and block.node.does == DELAY:
                after = self._delay(block.node, after, alone)
            else:
                after = self._block(block, after)
            alone = True
        return after

    def _delay(self, node: Node, after: str, alone: bool) -> str:
        if not alone:
            return self._manual(node, node.name, after)
        step = self.workflow[after]
        step["delay"] = step.get("delay", 0) + node.wait
        step["description"] = lines(f"First waits: {node.name}.\n{step.get('description', '')}")
        return after

    def _block(self, block: Block, after: str) -> str:
        if isinstance(block, Do):
            return self._do(block.node, {"on_completion": after}) if block.node.does != END else after
        if isinstance(block, Ask):
            return self._ask(block, after)
        if isinstance(block, Attempt):
            ways = {"on_success": self.chain(block.well, after, False), "on_failure": self.chain(block.badly, after, False)}
            return self._do(block.node, {"timeout": block.node.wait, **ways})
        if isinstance(block, Together):
            return self._together(block, after)
        if isinstance(block, Repeat):
            fields = {"name": line(f"Again? {self._asked(block.node)}"), "condition": self._condition(block.when)}
            return self.step(
                "while-condition", "while", block.node, {**fields, "on_true": self.branch(block.blocks, block.node), "on_completion": after}
            )
        return self._choice(block, after)

    def _do(self, node: Node, ways: Step) -> str:
        if node.does == CALL:
            fields = {"name": line(f"Playbook: {node.name}"), "description": node.description, "playbook_id": node.callee}
            return self.step("playbook-action", "call", node, {**fields, **ways})
        return self._manual(node, node.name, **ways)

    def _manual(self, node: Node, command: str, on_completion: str = "", role: str = "work", **fields: Any) -> str:
        name = fields.pop("name", node.name)
        group = node.group or FLOOR
        agent = f"group--{step_uuid(self.flow.key, 'group', group)}"
        self.agents.setdefault(agent, {"type": "group", "name": group})
        told = fields.pop("description", node.description)
        return self.step(
            "action",
            role,
            node,
            {
                "name": name,
                "description": told,
                "agent": agent,
                "commands": [{"type": "manual", "command": command}],
                **fields,
                "on_completion": on_completion,
            },
        )

    def _together(self, block: Together, after: str) -> str:
        branches = [one for one in block.branches if one]
        if len(branches) < 2:
            inside = list(branches[0]) if branches else []
            if inside and isinstance(inside[-1], Do) and inside[-1].node.does == END:
                inside.pop()
            return self.chain(inside, after, True)
        name = line(block.node.name if block.node.question == "" else block.node.question) or "Side by side"
        steps = [self.branch(one, block.node) for one in branches]
        return self.step("parallel", "parallel", block.node, {"name": name, "next_steps": steps, "on_completion": after})

    # Questions and conditions.

    def _asked(self, node: Node) -> str:
        return node.question or node.name

    def _variable(self, answer: Answer) -> str:
        """The variable that holds an answer, declared when it is first spoken of."""
        at = (answer.node, answer.way, answer.scope)
        if at not in self.names:
            node = self.flow.nodes[answer.node]
            question = f"{self._asked(node)} {answer.way}" if answer.way else self._asked(node)
            base = name = variable_of(answer.way if question.startswith("Which of these") else question)
            number = 1
            while name in self.variables:
                number += 1
                name = f"{base.removesuffix('__')}_{number}__"
            choices = "yes, no" if answer.way else ", ".join(dict.fromkeys(way.key for way in node.ways))
            if answer.way:
                question = f"Does this apply: {next(way.label or way.key for way in node.ways if way.key == answer.way)}?"
            # Known to be empty until a person answers, so that a condition that names a question not yet asked can be decided.
            self.variables[name] = {"type": "string", "description": line(f"{question} One of: {choices}.", 400), "value": ""}
            self.names[at] = name
        return self.names[at]

    def _ask(self, block: Ask, after: str) -> str:
        node = block.node
        if node.divides == ONE:
            names = [self._variable(Answer(node.id, "", block.scope))]
            told = [f"- {way.key}" + (f": {way.label}" if way.label else "") + _condition_of(way.condition) for way in node.ways]
            keys = ", ".join(dict.fromkeys(way.key for way in node.ways))
            command = f"Decide: {self._asked(node)} Answer with one of: {keys}."
        else:
            ways = [way for way in node.ways if not way.always and not way.default]
            names = [self._variable(Answer(node.id, "", block.scope, way.key)) for way in ways]
            told = [f"- {name}: {way.label or way.key}" + _condition_of(way.condition) for name, way in zip(names, ways, strict=True)]
            asked = "; ".join(way.label or way.key for way in ways)
            command = f"Decide: {self._asked(node)} Answer each with yes or no: {asked}."
            if not ways:
                return after
        name = line(self._asked(node)) or "Which way?"
        own = node.description if node.does == NOTHING else ""
        description = lines("\n".join([own, *dict.fromkeys(told)]))
        return self._manual(node, line(command, 1000), after, "ask", name=name, description=description, out_args=names)

    def _condition(self, when: When) -> str:
        yes = [f"{self._variable(one)}:value = '{one.key}'" for one in when.any_of]
        no = [f"{self._variable(one)}:value = '{one.key}'" for one in when.none_of]
        if not no:
            return " OR ".join(yes)
        never = f"NOT ({' OR '.join(no)})"
        return f"({' OR '.join(yes)}) AND {never}" if yes else never

    def _choice(self, block: Choice, after: str) -> str:
        arms = list(block.arms)
        if not any(arm.blocks for arm in arms):
            return after
        single = len(arms) > 2 and block.exhausts and len({arm.when.any_of[0].node for arm in arms if arm.when.any_of}) == 1
        if single and all(len(arm.when.any_of) == 1 for arm in arms):
            return self._switch(block.node, arms, after)
        if not block.exhausts:
            arms = [arm for arm in arms if arm.blocks]
        elif len(arms) > 1:
            # The affirmative branch first; an empty one is no branch.
            arms.sort(key=lambda arm: (not arm.blocks, not any(one.key in YES for one in arm.when.any_of)))
        return self._if(block.node, arms, block.exhausts, after)

    def _if(self, node: Node, arms: list[Arm], exhausts: bool, after: str) -> str:
        first, rest = arms[0], arms[1:]
        name = self._asked(node) if exhausts else first.label or self._asked(node)
        fields: Step = {"name": line(name), "condition": self._condition(first.when)}
        fields["on_true"] = self.branch(first.blocks, node)
        if len(rest) == 1 and exhausts and rest[0].blocks:
            fields["on_false"] = self.branch(rest[0].blocks, node)
        elif any(arm.blocks for arm in rest):
            end = self.step("end", "ends", node, {"name": "End"})
            fields["on_false"] = self._if(node, rest, exhausts, end)
        return self.step("if-condition", "if", node, {**fields, "on_completion": after})

    def _switch(self, node: Node, arms: list[Arm], after: str) -> str:
        cases = {arm.when.any_of[0].key: self.branch(arm.blocks, node) for arm in arms}
        end = self.step("end", "ends", node, {"name": "End"})
        told = line(f"None of the answers to this question was chosen: {self._asked(node)} Say what was done instead.", 400)
        cases["default"] = self._manual(node, told, end, "none", name="No answer fits", description="")
        variable = self._variable(arms[0].when.any_of[0])
        name = line(self._asked(node)) or "Which way?"
        return self.step(
            "switch-condition", "switch", node, {"name": name, "switch": f"{variable}:value", "cases": cases, "on_completion": after}
        )


def _condition_of(text: str) -> str:
    return f" (when {text})" if text else ""


def _all(blocks: Sequence[Block]) -> list[Block]:
    found: list[Block] = []
    todo = list(blocks)
    while todo:
        one = todo.pop()
        found.append(one)
        if isinstance(one, Choice):
            todo += [inner for arm in one.arms for inner in arm.blocks]
        elif isinstance(one, Together):
            todo += [inner for branch in one.branches for inner in branch]
        elif isinstance(one, Attempt):
            found.append(Do(one.node))
            todo += [*one.well, *one.badly]
        elif isinstance(one, Repeat):
            todo += one.blocks
    return found
