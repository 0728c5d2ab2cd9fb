"""Cells that are spelt out in simple operators: steps that share weights, put together into one cell."""

# ruff: noqa: N806 - W is the name of the ONNX pages

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import Origin
from archlint.analyses.recurrent.activations import TANH
from archlint.analyses.recurrent.cell import GATES, Drive, Recurrence
from archlint.analyses.recurrent.drive import drive_of, per_feature
from archlint.analyses.recurrent.form import CONTRADICTIONS, contradiction
from archlint.analyses.recurrent.linear import Linear
from archlint.analyses.recurrent.patterns import Matcher, Update
from archlint.analyses.recurrent.qlinear import REASON, quantised_updates
from archlint.analyses.recurrent.time import chosen, direction, entered
from archlint.errors import Undetermined

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.analysis import Analysis

    Array: TypeAlias = np.ndarray[Any, Any]
    Key: TypeAlias = tuple[int, str]

_STATE = re.compile(r"(^|[^a-z])h|hid|state|prev")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A decomposed cell: its first step, how many steps it has, and its numbers or why there are none."""

    update: Update
    count: int
    recurrence: Recurrence | None = None
    drive: Drive | None = None
    reason: str | None = None
    sources: tuple[Origin, ...] = ()
    """The tensors that x is made of."""
    direction: str = "forward"


def decomposed(analysis: Analysis) -> list[Found]:
    """Every decomposed cell of the model, one for each set of weights."""
    linear = Linear(analysis)
    matcher = Matcher(linear)
    updates = [u for scope in analysis.dataflow.scopes for u in matcher.updates(scope)]
    found = [f for group in _groups(updates) if (f := _found(analysis, linear, group)) is not None]
    for scope in analysis.dataflow.scopes:
        kind, steps = quantised_updates(analysis.dataflow, scope)
        if steps:
            made = Origin(scope, steps[0].node.outputs[0], step=steps[0])
            update = Update(kind, scope, steps[0], {}, made, made, None)
            found.append(Found(update, len(steps), reason=REASON))
    return found


def _found(analysis: Analysis, linear: Linear, group: list[Update]) -> Found | None:
    """The cell of ``group``; one whose numbers contradict each other is named."""
    try:
        return _Group(analysis, linear, group).found()
    except CONTRADICTIONS as error:
        return None if group[0].kind == "RNN" else Found(group[0], len(group), reason=contradiction(error))


def _groups(updates: list[Update]) -> list[list[Update]]:
    """Updates of one kind that share a stored matrix, or of which one keeps what the other made."""
    groups: dict[int, list[Update]] = {}
    joined_by: dict[int, int] = {}
    holders: dict[tuple[str, int | Key], int] = {}
    for number, update in enumerate(updates):
        kind, shared = update.kind, [(update.kind, matrix) for matrix in update.used]
        memory = [] if update.memory is None else [(kind, update.memory.key)]
        before = {_last(joined_by, holders[k]) for k in (*shared, *memory) if k in holders}
        groups[number] = [*(u for g in sorted(before) for u in groups.pop(g)), update]
        joined_by |= dict.fromkeys(before, number)
        holders |= dict.fromkeys((*shared, (kind, update.made.key)), number)
    return list(groups.values())


def _last(joined_by: dict[int, int], group: int) -> int:
    """The group that ``group`` has become part of; the way there is made short."""
    end = group
    while end in joined_by:
        end = joined_by[end]
    while group != end:
        joined_by[group], group = end, joined_by[group]
    return end


class _Group:
    def __init__(self, analysis: Analysis, linear: Linear, steps: list[Update]) -> None:
        self.analysis = analysis
        self.flow = analysis.dataflow
        self.linear = linear
        self.steps = steps
        self.hidden = {linear.through(u.hidden).key for u in steps}
        self.memories = {linear.through(u.made).key for u in steps}

    def found(self) -> Found | None:
        """The cell; None when the updates turn out not to be a recurrence."""
        if not any(self._recurs(u) for u in self.steps):
            return None
        first = self.steps[0]
        reasons: list[str] = []
        # a later step shows every weight; the first often has its zero state folded away
        for update in reversed(self.steps):
            try:
                recurrence, sources = self._recurrence(update)
                way = direction(self.linear, self.steps, sources)
                drive = self._drive(sources)
                return Found(first, len(self.steps), recurrence, drive, None, tuple(sources), way)
            except Undetermined as unknown:
                reasons.append(unknown.reason)
            except CONTRADICTIONS as error:
                reasons.append(contradiction(error))
        return Found(first, len(self.steps), reason=reasons[0])

    def _recurs(self, update: Update) -> bool:
        """True when the state an update reads is one that this cell made before."""
        streamed = update.kind == "LSTM" or "reset" in update.parts
        if update.memory is not None and self._is_state(
            update.memory, self.memories, update.made, streamed=streamed
        ):
            return True
        return any(
            self._is_state(term.source, self.hidden, update.hidden, streamed=streamed)
            for part in update.parts.values()
            for term in part.form.terms
        )

    def _is_state(self, source: Origin, made: set[Key], new: Origin, *, streamed: bool = True) -> bool:
        """A tensor that an earlier step made, or a state that a Loop, a Scan or the caller carries.

        The caller's (``streamed``) are told only where the cell could not be a plain or highway layer.
        """
        if source.key in made:
            return True
        if source.step is not None or source.weight is not None or not source.name:
            return False
        carried = self._carried(source)
        if carried is not None:
            return any(self.linear.through(o).key in made for o in (carried, *chosen(self.linear, carried)))
        main = source.scope is self.flow.shapes.main
        if not streamed or not main or source.name not in source.scope.graph.inputs:
            return False
        return self.linear.through(new).key in self._given_out(new) and self._like_a_state(source)

    def _given_out(self, new: Origin) -> set[Key]:
        """The tensors behind the outputs of the graph that ``new`` is made in, stacked ones too."""
        waiting = [self.flow.origin(n, new.scope) for n in new.scope.graph.outputs]
        found: set[Key] = set()
        while waiting and len(found) < 1000:
            top = self.linear.through(waiting.pop())
            if top.op == "Concat" and top.step is not None and top.key not in found:
                waiting += [self.flow.origin(n, top.scope) for n in top.step.node.inputs]
            found.add(top.key)
        return found

    def _like_a_state(self, source: Origin) -> bool:
        """True for a graph input as wide as the cell, in a model that streams its state."""
        return self.linear.size(source) == self._width()

    def _width(self) -> int | None:
        for update in self.steps:
            for part in update.parts.values():
                if part.form.width:
                    return part.form.width
        return None

    def _carried(self, source: Origin) -> Origin | None:
        """What the next iteration passes for body input ``source`` of a Loop or Scan."""
        names = list(source.scope.graph.inputs)
        above = self.flow.caller(source.scope)
        if above is None or source.name not in names:
            return None
        at, outputs = names.index(source.name), list(source.scope.graph.outputs)
        node = above[1].node
        if node.op_type == "Loop":
            at -= 1
            return self.flow.origin(outputs[at], source.scope) if 1 <= at < len(outputs) else None
        if node.op_type == "Scan":
            scanned = node.attrs.get("num_scan_inputs", 0)
            states = len(names) - scanned
            return self.flow.origin(outputs[at], source.scope) if at < states else None
        return None

    def _entered(self, source: Origin) -> Origin | None:
        """What a body input is at the first iteration, or what is scanned."""
        given = entered(self.flow, source)
        return None if given is None else self.linear.through(given)

    def _recurrence(self, update: Update) -> tuple[Recurrence, list[Origin]]:
        """Weights of one step by gate, and the tensors that x is made of."""
        import numpy as np

        kind = update.kind
        n = self._width()
        if n is None:
            raise Undetermined("its size is not known")
        parts = dict(update.parts)
        coupled = kind == "LSTM" and (parts["forget"].flipped or parts["input"].flipped)
        if kind == "GRU" and "reset" not in parts:
            raise Undetermined("no reset gate was found in its candidate")
        recurrent: dict[str, Array] = {}
        peepholes: dict[str, Array] = {}
        inputs: dict[str, dict[Key, Array]] = {}
        sources: dict[Key, Origin] = {}
        after_reset = False
        recurrent_bias: dict[str, Array] = {}
        states = self._states_read(update)
        for gate, part in parts.items():
            inputs[gate] = {}
            for term in part.form.terms:
                source = term.source
                inner = self._after_reset(update, source) if gate == "candidate" else None
                if inner is not None and term.matrix is None:
                    after_reset = True
                    recurrent[gate], recurrent_bias[gate] = self._reset_product(inner, states, n)
                elif inner is not None and term.dense and term.matrix is not None:
                    recurrent[gate] = term.matrix.T
                elif term.matrix is None:
                    raise Undetermined(f"its {gate} gate adds {_told(source)}, which no stored matrix made")
                elif term.matrix.ndim == 2 and source.key in states:
                    recurrent[gate] = term.matrix.T
                elif term.matrix.ndim == 2:
                    inputs[gate][source.key] = term.matrix
                    sources[source.key] = source
                elif kind == "LSTM" and gate != "cell":
                    peepholes[gate] = np.broadcast_to(term.matrix, (n,))
                else:
                    raise Undetermined(f"its {gate} gate multiplies {_told(source)} element by element")
            if gate not in recurrent:
                raise Undetermined(f"no recurrent weights were found for its {gate} gate")
        order = list(sources)
        sizes = {k: next(m[k].shape[0] for m in inputs.values() if k in m) for k in order}
        d = sum(sizes.values())
        made: dict[str, dict[str, Array]] = {"W": {}, "R": {}, "b": {}, "rb": {}}
        for gate, part in parts.items():
            stacked = [inputs[gate].get(k, np.zeros((sizes[k], n), np.float32)) for k in order]
            turned = part.flipped and gate in ("update", "input")
            if part.flipped and part.activation.name == "hardsigmoid" and part.activation.beta != 0.5:
                raise Undetermined("1 - HardSigmoid is no gate of its own here")
            W = np.concatenate(stacked).T if stacked else np.zeros((n, 0), np.float32)
            bias = (
                np.zeros(n, np.float32) if part.form.bias is None else np.broadcast_to(part.form.bias, (n,))
            )
            # 1 - sigmoid(z) = sigmoid(-z)
            made["W"][gate], made["R"][gate], made["b"][gate] = (
                (-W, -recurrent[gate], -bias) if turned else (W, recurrent[gate], bias)
            )
            made["rb"][gate] = recurrent_bias.get(gate, np.zeros(n, np.float32))
        if coupled:
            # f = 1 - i: its own rows are never read
            for group in made.values():
                group["forget"] = group["input"]
        return self._numbers(update, n, d, made, peepholes, coupled=coupled, after_reset=after_reset), [
            sources[k] for k in order
        ]

    def _states_read(self, update: Update) -> set[Key]:
        """Which of the tensors in the gates is the previous h; raises `Undetermined` when several could be."""
        found: dict[Key, Origin] = {}
        for part in update.parts.values():
            for term in part.form.terms:
                if term.dense and self._is_state(term.source, self.hidden, update.hidden):
                    found[term.source.key] = term.source
        memory = update.memory
        if len(found) > 1 and memory is not None:
            # streamed: the input that h is kept in is the one that c, or h itself, is kept in
            same = {k for k in found if k == memory.key}
            found = {k: found[k] for k in same} or found
        if len(found) > 1:
            named = {k: o for k, o in found.items() if _STATE.search(o.name.lower())}
            found = named if len(named) == 1 else found
        if len(found) > 1:
            raise Undetermined("which of its inputs is the state cannot be told")
        return set(found)

    def _after_reset(self, update: Update, source: Origin) -> Origin | None:
        """What the reset gate multiplies, when ``source`` is that product."""
        if update.reset is None or source.op != "Mul":
            return None
        wanted = self.linear.through(update.reset[1]).key
        for k in (0, 1):
            other = self.flow.input(source, k)
            if other is not None and self.linear.through(other).key == wanted:
                return other
        return None

    def _reset_product(self, inner: Origin, states: set[Key], n: int) -> tuple[Array, Array]:
        """R and its bias in r (R h + rb)."""
        import numpy as np

        form = self.linear.form(inner)
        matrices = [t.matrix for t in form.terms if t.source.key in states]
        if len(form.terms) != 1 or len(matrices) != 1 or matrices[0] is None or matrices[0].ndim != 2:
            raise Undetermined("its reset gate multiplies more than R h")
        bias = np.zeros(n, np.float32) if form.bias is None else np.broadcast_to(form.bias, (n,))
        return matrices[0].T, bias

    def _numbers(
        self,
        update: Update,
        n: int,
        d: int,
        made: dict[str, dict[str, Array]],
        peepholes: dict[str, Array],
        *,
        coupled: bool,
        after_reset: bool,
    ) -> Recurrence:
        import numpy as np

        kind, parts = update.kind, update.parts
        shapes = {q: (w.shape, made["R"][q].shape) for q, w in made["W"].items()}
        if any(w != (n, d) or r != (n, n) for w, r in shapes.values()):
            raise Undetermined("its gates have weights of different sizes")
        for name in ("W", "R", "b"):
            if not all(
                np.isfinite(a.min(initial=0)) and np.isfinite(a.max(initial=0)) for a in made[name].values()
            ):
                raise Undetermined(f"its weight {name} holds NaN or infinity")
        gates = [q for q in GATES[kind] if q not in ("cell", "candidate")]
        first = parts[gates[0]].activation
        if any(parts[q].activation != first for q in gates):
            raise Undetermined("its gates have different activations")
        clips = {p.clip for p in parts.values()}
        if len(clips) > 1:
            raise Undetermined("its gates are clipped differently")
        g = parts["cell" if kind == "LSTM" else "candidate" if kind == "GRU" else "state"].activation
        notes: list[str] = ["quantised activations are taken as exact"] if self.linear.rounds else []
        return Recurrence(
            kind,
            n,
            d,
            made["W"],
            made["R"],
            made["b"],
            made["rb"],
            first,
            g,
            update.output or TANH,
            peepholes,
            clip=clips.pop(),
            coupled=coupled,
            linear_before_reset=after_reset,
            h0=(np.full(n, -1.0), np.full(n, 1.0)),
            c0=self._initial_memory(n, notes) if kind == "LSTM" else None,
            steps=None,
            precision=next(iter(made["W"].values())).dtype.name if d else "float32",
            notes=tuple(notes),
        )

    def _initial_memory(self, n: int, notes: list[str]) -> tuple[Array, Array]:
        """Bounds of the first c that the steps read."""
        import numpy as np

        lo, hi = np.zeros(n), np.zeros(n)
        for update in self.steps:
            memory = update.memory
            if memory is None or memory.key in self.memories:
                continue
            if memory.step is None and memory.weight is None:
                memory = self._entered(memory) or memory
            low, high = per_feature(self.analysis.ranges.at(memory), n)
            lo, hi = np.minimum(lo, low), np.maximum(hi, high)
        if not (np.isfinite(lo).all() and np.isfinite(hi).all()):
            notes.append("the initial c can be anything")
        return lo, hi

    def _drive(self, sources: list[Origin]) -> Drive:
        """The drives of the parts of x, side by side."""
        import numpy as np

        drives = []
        for source in sources:
            size = self._size(source)
            entered = self._entered(source) if source.step is None and source.weight is None else None
            drives.append(drive_of(self.analysis, entered or source, size))
        if len(drives) == 1:
            return drives[0]
        if not drives:
            none = np.zeros(0)
            return Drive(none, none, "graph", "no input", known=(True, True))
        rank = ("embedding", "graph", "configured", "calibration", "assumed")
        source_name = max((d.source for d in drives), key=rank.index)
        return Drive(
            np.concatenate([d.lo for d in drives]),
            np.concatenate([d.hi for d in drives]),
            source_name if source_name != "embedding" else "graph",
            " and ".join(d.told for d in drives if d.told),
            known=(all(d.known[0] for d in drives), all(d.known[1] for d in drives)),
        )

    def _size(self, source: Origin) -> int:
        for update in self.steps:
            for part in update.parts.values():
                for term in part.form.terms:
                    if term.source.key == source.key and term.matrix is not None and term.dense:
                        return len(term.matrix)
        return 0


def _told(source: Origin) -> str:
    return f"'{source.name}'" if source.name else "a tensor"
