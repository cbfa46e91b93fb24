"""From a graph to blocks: joins by post-dominators, loops by what leads back, endings that branches share put behind them."""

from collections.abc import Iterable, Sequence

from playbooks.definition.bpmn.blocks import LEAVE, Answer, Arm, Ask, Attempt, Block, Choice, Do, Repeat, Together, When
from playbooks.definition.bpmn.flow import ATTEMPT, END, EVERY, NOTHING, ONE, SOME, WORK, Flow, Node, Way, circles, give_keys, reachable
from playbooks.definition.bpmn.parts import Loop, Part, Place, Ways
from playbooks.definition.bpmn.words import line, lines, step_uuid

# Beyond these the rest of a way becomes one step that a person does by the drawing.
MOST_STEPS, DEEPEST = 1000, 40
# What branches share is repeated in each up to this many steps, and put behind them beyond.
SMALL = 2


def shaped(flow: Flow) -> list[Block]:
    """The blocks of a graph, in order. What cannot be carried is added to `flow.left`; the graph may gain nodes."""
    return Shaping(flow).all()


class Shaping:
    """One graph being shaped."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.nodes = flow.nodes
        self.steps = 0
        self.scopes = 0
        self.joined: set[str] = set()
        self.handed: set[str] = set()

    def all(self) -> list[Block]:
        """Everything from the beginning on."""
        plain = {key: node.targets for key, node in self.nodes.items()}
        found = reachable(plain, [self.flow.start])
        for node in self.nodes.values():
            if node.id not in found and not node.id.endswith(("#out", "#split")):
                self.flow.leave(node, "no way from a beginning leads to it")
        for circle in circles(plain):
            for one in circle:
                self._asks_instead(self.nodes[one])
        for node in self.nodes.values():
            give_keys(node)
        ways: Ways = {key: [(no, way.target) for no, way in enumerate(self.nodes[key].ways)] for key in self.nodes if key in found}
        return self.build(ways, self.flow.start, Place())

    def _asks_instead(self, node: Node) -> None:
        """In a loop the outcome of an activity must be an answer, which a condition can name."""
        if node.divides == ATTEMPT:
            node.divides, node.wait, node.question = ONE, 0, f"How did {node.name} end?"
            node.ways[0].label = node.ways[0].label or "Done"
            self.flow.leave(node, "its failure or time-out leads into or out of a loop; the draft asks a person how it ended")

    def build(self, ways: Ways, start: str, place: Place) -> list[Block]:
        """The blocks of a part from `start` until every way has left it."""
        if start not in ways:
            return []
        part, start = self._without_circles(ways, start, place.looping)
        part.rejoin()
        return self.run(part, start, LEAVE, place)

    # Loops.

    def _without_circles(self, ways: Ways, start: str, looping: bool) -> tuple[Part, str]:
        """The part with each circle as one node: a loop, or where it has no single head a step by hand."""
        while True:
            plain = {one: [to for _, to in some] for one, some in ways.items()}
            kept = reachable(plain, [start])
            ways = {one: some for one, some in ways.items() if one in kept}
            part = Part(dict(ways))
            renamed: dict[str, str] = {}
            endless = None
            for circle in circles({one: plain[one] for one in ways}):
                heads = [h for h in ways if h in circle and (h == start or any(h in plain[o] for o in ways if o not in circle))]
                exits = [(one, no, to) for one in ways if one in circle for no, to in ways[one] if to not in circle]
                if not exits:
                    endless = (circle, heads)
                    break
                outside = list(dict.fromkeys(to for _, _, to in exits))
                loop = Loop(heads[0], frozenset(circle), tuple((one, no, outside.index(to)) for one, no, to in exits))
                if len(heads) == 1 and self._repeats(loop, ways, looping):
                    name = f"loop\x1f{heads[0]}"
                    part.loops[name] = loop
                    part.ways[name] = list(enumerate(outside))
                else:
                    name = self._by_hand(circle, outside, "a circle with several entries, or one that people's answers do not decide")
                    part.ways[name] = list(enumerate(outside))
                renamed |= dict.fromkeys(circle, name)
            if endless is not None:
                ways = self._cut(ways, *endless)
                continue
            for one in renamed:
                del part.ways[one]
            part.ways = {one: [(no, renamed.get(to, to)) for no, to in some] for one, some in part.ways.items()}
            return part, renamed.get(start, start)

    def _cut(self, ways: Ways, circle: set[str], heads: list[str]) -> Ways:
        """A circle that nothing leaves: its way back is an end of the draft."""
        self.flow.leave(self.nodes[heads[0]], "the flow comes back here for ever; the draft ends there and is started again")
        return {one: [(no, LEAVE if one in circle and to in heads else to) for no, to in some] for one, some in ways.items()}

    def _repeats(self, loop: Loop, ways: Ways, looping: bool) -> bool:
        """Whether answers alone decide when the loop goes on and where it is left.

        In another loop only the answer given last counts: the others may be left from an earlier round.
        """
        if not all(self.nodes[one].divides == ONE for one, _, _ in loop.exits):
            return False
        return self._decider(loop, ways) is not None or (not looping and bool(self._back(loop, ways, Place())))

    def _body(self, loop: Loop, ways: Ways) -> Ways:
        """One round: what leads back or out leaves it."""
        return {
            one: [(no, to if to in loop.inside and to != loop.head else LEAVE) for no, to in some]
            for one, some in ways.items()
            if one in loop.inside
        }

    def _answer(self, node: str, number: int, scope: str) -> Answer:
        way = self.nodes[node].ways[number]
        return Answer(node, way.key, scope)

    def loop(self, loop: Loop, ways: Ways, place: Place) -> list[Block]:
        """What a loop does until it is left."""
        decider = self._decider(loop, ways)
        if decider is not None:
            return self._round_by_round(loop, decider, ways, place)
        exits = tuple(self._answer(one, no, place.scope) for one, no, _ in loop.exits)
        again, body = self._back(loop, ways, place), self._body(loop, ways)
        first = self.build(body, loop.head, place.again())
        return [*first, Repeat(self.nodes[loop.head], When(again, exits), self.build(body, loop.head, place.again()))]

    def _decider(self, loop: Loop, ways: Ways) -> str | None:
        """The one node that every round comes to, once, and that alone decides how the round ends."""
        deciders = {one for one, _, _ in loop.exits}
        if len(deciders) > 1:
            return None
        decider = next(iter(deciders))
        plain = {one: [to for _, to in some] for one, some in self._body(loop, ways).items()}
        if any(decider in circle for circle in circles(plain)):
            return None
        before = reachable(plain, [loop.head], {decider})
        return decider if loop.head == decider or not any(LEAVE in plain[one] for one in before) else None

    def _round_by_round(self, loop: Loop, decider: str, ways: Ways, place: Place) -> list[Block]:
        """One decider: what comes before it, its question; then, while the answer leads back, the way back and the same again."""
        node, body = self.nodes[decider], self._body(loop, ways)
        stays = [(no, to) for no, to in ways[decider] if to in loop.inside]
        before: Ways = {one: [(no, LEAVE if to == decider else to) for no, to in some] for one, some in body.items() if one != decider}
        after: Ways = {**body, decider: [(no, LEAVE if to == loop.head else to) for no, to in stays]}

        def until() -> list[Block]:
            return [*self.build(before, loop.head, place.again()), *self._head(node, place.again(), 1)]

        first = until()
        back = self.build(after, decider, place.again(decider))
        again = tuple(self._answer(decider, no, place.scope) for no, _ in stays)
        return [*first, Repeat(node, When(again), [*back, *until()])]

    def _back(self, loop: Loop, ways: Ways, place: Place) -> tuple[Answer, ...]:
        """The answers that lead back to the head; nothing when a way leads back that nobody decides."""
        part, start = self._without_circles(self._body(loop, ways), loop.head, True)
        found: dict[Answer, None] = {}
        for one in part.ways:
            inner = part.loops.get(one)
            sources = [(s, no) for s, no, _ in inner.exits] if inner else [(one, no) for no, to in part.ways[one] if to == LEAVE]
            for source, number in sources:
                if ways.get(source) is None:  # a step by hand stands for what lay here
                    return ()
                if not any(no == number and to == loop.head for no, to in ways[source]):
                    continue
                some = self._answers_to(part, start, one, source, number, place.scope)
                if some is None:
                    return ()
                found |= dict.fromkeys(some)
        return tuple(found)

    def _answers_to(self, part: Part, start: str, one: str, source: str, number: int, scope: str) -> list[Answer] | None:
        """The answers that lead over a way; None when it is taken without any."""
        if self.nodes[source].divides == ONE and (one in part.loops or len(self.nodes[source].targets) > 1):
            return [self._answer(source, number, scope)]
        if self.nodes[source].divides == SOME and len(part.targets(one)) > 1:
            way = self.nodes[source].ways[number]
            return None if way.always or way.default else [Answer(source, "yes", scope, way.key)]
        return self._leading(part, start, one, scope)

    def _leading(self, part: Part, start: str, target: str, scope: str) -> list[Answer] | None:
        """The answers that lead from `start` to `target`; None when a way leads there that nobody decides."""
        before: dict[str, list[tuple[str, int]]] = {}
        for one, some in part.ways.items():
            for number, to in some:
                before.setdefault(to, []).append((one, number))
        found: dict[Answer, None] = {}
        seen = {target}
        todo = [target]
        while todo:
            here = todo.pop()
            if here == start:
                return None
            for one, number in before.get(here, []):
                node = self.nodes.get(one)
                if one in part.loops:
                    if len(part.targets(one)) > 1:
                        found |= {self._answer(s, no, scope): None for s, no, out in part.loops[one].exits if out == number}
                        continue
                elif node is not None and node.divides == ONE and len(node.targets) > 1:
                    found[self._answer(one, number, scope)] = None
                    continue
                elif node is not None and node.divides == SOME and len(part.targets(one)) > 1:
                    way = node.ways[number]
                    if way.always or way.default:
                        return None
                    found[Answer(one, "yes", scope, way.key)] = None
                    continue
                elif node is not None and node.divides == ATTEMPT and len(part.targets(one)) > 1:
                    return None
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
        return list(found)

    # Ways without circles.

    def run(self, part: Part, start: str, stop: str, place: Place) -> list[Block]:
        """The blocks from `start` until `stop`, or until the way ends."""
        blocks: list[Block] = []
        here = start
        while here not in (stop, LEAVE):
            if self.steps > MOST_STEPS or (place.depth > DEEPEST and len(part.targets(here)) > 1):
                rest = part.reach([here], stop)
                rest |= {inner for one in rest if one in part.loops for inner in part.loops[one].inside}
                by_hand = self._by_hand(rest, [], "the drawing is too deeply nested or too entangled")
                return [*blocks, Do(self.nodes[by_hand])]
            self.steps += 1
            node = self._node(part, here)
            if here in part.loops:
                blocks += self.loop(part.loops[here], self._ways_of(part.loops[here]), place)
            else:
                self._joins(node)
                blocks += self._head(node, place, len(part.targets(here)))
            targets = part.targets(here)
            if len(targets) < 2:
                here = targets[0] if targets else LEAVE
                continue
            join = part.join[here]
            blocks += self._divided(part, here, node, join, place)
            here = join
        return blocks

    def _ways_of(self, loop: Loop) -> Ways:
        return {one: [(no, way.target) for no, way in enumerate(self.nodes[one].ways)] for one in self.nodes if one in loop.inside}

    def _head(self, node: Node, place: Place, ways: int) -> list[Block]:
        """The node's own work, and its question."""
        if place.asked == node.id:
            return []
        blocks: list[Block] = []
        if node.does != NOTHING and not (node.divides == ATTEMPT and ways > 1):
            blocks.append(Do(node))
        if node.asks:
            blocks.append(Ask(node, place.scope))
        return blocks

    def _joins(self, node: Node) -> None:
        if node.joins and node.id in self.joined:
            self.flow.leave(node, "it waits for branches that also end elsewhere; the draft goes on in each of them")
        self.joined.add(node.id)

    def _divided(self, part: Part, here: str, node: Node, join: str, place: Place) -> list[Block]:
        """A node that divides, until its branches meet at `join`; what they share before it stands behind them."""
        reaches = [part.reach([to], join) for to in part.targets(here)]
        shared = [one for one in part.ways if sum(one in some for some in reaches) > 1]
        apart = here not in part.loops and node.divides in (EVERY, SOME)
        if shared and self.steps <= MOST_STEPS:
            raised = self._raised(part, here, join, shared, apart, place)
            if raised is not None:
                return raised
        meets = self.nodes.get(join)
        if apart and not shared and meets is not None and not meets.joins and meets.divides != SOME and meets.does != END:
            self.flow.leave(meets, "branches that run side by side meet here without a gateway; the draft waits for all of them")
        scopes = [place.scope] * len(reaches)
        if apart and shared:
            scopes = []
            for _ in reaches:
                self.scopes += 1
                scopes.append(str(self.scopes))
        branches = {to: self.run(part, to, join, place.deeper(scope)) for to, scope in zip(part.targets(here), scopes, strict=True)}
        return self._opened(part, here, node, branches, place)

    def _opened(self, part: Part, here: str, node: Node, branches: dict[str, list[Block]], place: Place) -> list[Block]:
        if here in part.loops:
            exits, outs = part.loops[here].exits, part.ways[here]
            arms = [
                Arm(When(tuple(self._answer(o, n, place.scope) for o, n, out in exits if (out, to) in outs)), blocks, self._onto(part, to))
                for to, blocks in branches.items()
            ]
            return [Choice(node, tuple(arms), False)]
        if node.divides == ATTEMPT:
            well, badly = part.ways[here][0][1], part.ways[here][-1][1]
            return [Attempt(node, branches[well], branches[badly])]
        if node.divides == EVERY:
            return [Together(node, tuple(blocks for blocks in branches.values()))]
        if node.divides == SOME:
            return self._some(part, here, node, branches, place)
        arms = []
        for to, blocks in branches.items():
            numbers = [no for no, target in part.ways[here] if target == to]
            label = " or ".join(dict.fromkeys(node.ways[no].label for no in numbers if node.ways[no].label))
            arms.append(Arm(When(tuple(self._answer(here, no, place.scope) for no in numbers)), blocks, label))
        return [Choice(node, tuple(arms))]

    def _some(self, part: Part, here: str, node: Node, branches: dict[str, list[Block]], place: Place) -> list[Block]:
        """Each flow whose answer is yes, side by side; the default one when none is."""
        open_ = [way for way in node.ways if not way.always and not way.default]
        every = tuple(Answer(node.id, "yes", place.scope, way.key) for way in open_)
        some: list[Sequence[Block]] = []
        for to, blocks in branches.items():
            ways = [node.ways[no] for no, target in part.ways[here] if target == to]
            when = When(tuple(Answer(node.id, "yes", place.scope, way.key) for way in ways if way in open_))
            if any(way.always for way in ways) or not open_:
                some.append(blocks)
                continue
            if not when.any_of:
                when = When((), every)
            elif any(way.default for way in ways):
                some.append(blocks)
                continue
            if blocks:
                some.append([Choice(node, (Arm(when, blocks, " or ".join(way.label for way in ways if way.label)),), False)])
        return [Together(node, tuple(some))]

    def _raised(self, part: Part, here: str, join: str, shared: list[str], apart: bool, place: Place) -> list[Block] | None:
        """The branches cut where their shared ending begins, and that ending behind them; None when it is better repeated."""
        led = {to for one in shared for _, to in part.ways[one]}
        sizes = {one: self._size(part, part.reach([one], join)) for one in shared if one not in led}
        first = max(sizes, key=lambda one: sizes[one])
        if not apart and sizes[first] <= SMALL:
            return None
        answers = self._leading(self._only(part, here, join), here, first, place.scope)
        # In a loop an answer may be left from an earlier round.
        if not apart if answers is None else place.looping or not answers:
            return None
        meets, node = self._node(part, first), self._node(part, here)
        if apart:
            self.flow.leave(meets, "branches that run side by side meet here while others end before; the draft waits for all of them")
        cut = Part({one: [(no, join if to == first else to) for no, to in some] for one, some in part.ways.items()}, part.loops)
        cut.rejoin()
        before: list[Block] = []
        if len(cut.targets(here)) > 1:
            before = [*self._divided(cut, here, node, cut.join[here], place), *self.run(cut, cut.join[here], join, place)]
        arrivals = [answers] if answers else []
        if node.divides == EVERY and meets.joins and not place.looping:
            # A parallel gateway goes on when each branch has come to it.
            each = [self._leading(self._only(part, to, join), to, first, place.scope) for to in part.targets(here)]
            arrivals = [some for some in each if some]
        behind = self.run(part, first, join, place.deeper() if arrivals else place)
        for some in arrivals:
            behind = [Choice(meets, (Arm(When(tuple(some)), behind, self._onto(part, first)),), False)]
        return [*before, *behind]

    def _onto(self, part: Part, name: str) -> str:
        return f"On to: {self._node(part, name).name}" if name else ""

    def _node(self, part: Part, name: str) -> Node:
        return self.nodes[part.loops[name].head if name in part.loops else name]

    def _only(self, part: Part, here: str, join: str) -> Part:
        kept = part.reach([here], join)
        return Part({one: some for one, some in part.ways.items() if one in kept}, part.loops)

    def _size(self, part: Part, some: set[str]) -> int:
        inside = [one for name in some for one in (part.loops[name].inside if name in part.loops else [name])]
        return sum(self.nodes[one].does != NOTHING or self.nodes[one].asks for one in inside)

    # What is left to people.

    def _by_hand(self, some: Iterable[str], exits: Sequence[str], reason: str) -> str:
        """One step in place of a part that has no blocks; it lists what it stands for. Returns its id."""
        inside = set(some)
        nodes = [node for key, node in self.nodes.items() if key in inside]
        name = "hand\x1f" + step_uuid(*sorted(inside), "to", *exits)
        if name in self.nodes:
            return name
        told = [f"- {one.name}" + (f" ({one.question})" if one.question and one.question != one.name else "") for one in nodes if one.name]
        node = Node(
            name, nodes[0].source, nodes[0].element, line(f"By hand, from the drawing: {nodes[0].name}"), WORK, group=nodes[0].group
        )
        node.description = lines("Do this part by the drawing; it has no form as blocks. It stands for:\n" + "\n".join(told))
        node.ways = [Way(to, self.nodes[to].name if to in self.nodes else "End") for to in dict.fromkeys(exits)]
        node.divides = ONE if len(node.ways) > 1 else ""
        node.question = f"How does the work go on after {nodes[0].name}?"
        give_keys(node)
        self.nodes[name] = node
        for one in nodes:
            if one.id not in self.handed:
                self.handed.add(one.id)
                self.flow.leave(one, f"stands in the step '{node.name}': {reason}")
        return name
