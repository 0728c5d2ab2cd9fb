"""Changes to ONNX files that keep their meaning; everything else in the file stays as it is.

Each rewrite answers one rule. It trusts the rule that the place has the defect, and checks again what
could have changed since: rewrites of one round meet each other.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from archlint.errors import LoadError
from archlint.loaders.rewrite_places import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import onnx

    from archlint.loaders.rewrite_places import Rewritable

Size: TypeAlias = int | str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A finding that is to be repaired.

    ``rule`` is the rule's name, ``node`` the label of the node, ``subject`` what the finding is
    about, ``shape`` the computed shape of the tensor that it names, ``graph`` the path of bodies
    that leads to it.
    """

    rule: str
    node: str | None = None
    subject: str | None = None
    shape: tuple[Size, ...] | None = None
    graph: str = ""

    @property
    def tensor(self) -> str:
        """The tensor named by ``input x``, ``output y``, ``initializer w``."""
        return (self.subject or "").partition(" ")[2]


def rewrite(model: onnx.ModelProto, wishes: Iterable[Wish]) -> list[str]:
    """Grant what can be granted, in ``model`` itself; a sentence for each change.

    Inner graphs come first: a change of a graph copies its nodes, and the bodies in them.
    """
    by_graph: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_graph.setdefault(wish.graph, []).append(wish)
    graphs = places(model)
    said: list[str] = []
    for path in reversed(graphs):
        graph = graphs[path]
        if graph is not None and path in by_graph:
            done = _rewrite(graph, by_graph[path])
            said += [f"{text} in {path}" for text in done] if path else done
    return said


def _rewrite(graph: Rewritable, wishes: list[Wish]) -> list[str]:
    rewriter = _Rewriter(graph)
    said: list[str] = []
    for wish in wishes:
        grant = rewriter.grants.get(wish.rule)
        text = grant(wish) if grant is not None else None
        if text:
            said.append(text)
    if said:
        rewriter.commit()
    return said


class _Rewriter:
    """A round of changes; `commit` puts them into the graph.

    What reads and makes each tensor is looked up in tables that every change keeps true, so that a
    round over a large model takes time in proportion to its size.
    """

    def __init__(self, graph: Rewritable) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = list(self.graph.node)
        self.removed: set[int] = set()
        self.gone: set[str] = set()
        """Tensors that are no more; ``undeclared`` ones lose their declaration only."""
        self.undeclared: set[str] = set()
        self.inputs = {v.name for v in self.graph.input}
        self.outputs = {v.name for v in self.graph.output}
        self.tensors = {t.name: t for t in self.graph.initializer}
        self.labels: dict[str, onnx.NodeProto | None] = {}
        self.makers: dict[str, onnx.NodeProto] = {}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        self.hidden: set[str] = set()
        """Names to which a body gives a meaning of its own."""
        for index, node in enumerate(self.nodes):
            label = node.name or f"#{index}"
            self.labels[label] = None if label in self.labels else node
            for name in node.output:
                self.makers.setdefault(name, node)
            for name in dict.fromkeys(_reads(node)):
                self.readers.setdefault(name, []).append(node)
            for body in _bodies(node):
                self.hidden |= _defined(body)
        self.grants: dict[str, Callable[[Wish], str | None]] = {
            "dead-node": self._dead,
            "unused-initializer": self._unused,
            "identity-operator": self._identity,
            "neutral-arithmetic": self._neutral,
            "inverse-transposes": self._transposes,
            "duplicate-initializer": self._duplicate,
            "not-topological": self._sort,
            "declared-shape-contradiction": self._declared,
        }

    def commit(self) -> None:
        """Put the nodes, weights and declarations that are left into the graph, in their order."""
        left = self._left()
        copies = [type(node)() for node in left]
        for copy, node in zip(copies, left, strict=True):
            copy.CopyFrom(node)
        del self.graph.node[:]
        self.graph.node.extend(copies)
        _drop(self.graph.value_info, self.gone | self.undeclared)
        _drop(self.graph.initializer, self.gone - self.makers.keys())

    def _left(self) -> list[onnx.NodeProto]:
        return [node for node in self.nodes if id(node) not in self.removed]

    def _node(self, wish: Wish) -> onnx.NodeProto | None:
        found = self.labels.get(wish.node) if wish.node is not None else None
        return None if found is None or id(found) in self.removed else found

    def _read(self, name: str) -> list[onnx.NodeProto]:
        return [node for node in self.readers.get(name, ()) if id(node) not in self.removed]

    def _dead(self, wish: Wish) -> str | None:
        """Remove every node from which no output is reached."""
        nodes = self._left()
        waiting = [self.makers[name] for name in self.outputs if name in self.makers]
        live: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) not in live:
                live.add(id(node))
                waiting += [self.makers[name] for name in _reads(node) if name in self.makers]
        dead = [n for n in nodes if id(n) not in live]
        if not dead:
            return None
        self.removed |= {id(n) for n in dead}
        self.gone |= {name for n in dead for name in n.output if self.makers.get(name) is n}
        names = [n.name or n.op_type for n in dead]
        return f"removed {len(names)} dead node{'s'[: len(names) != 1]}: {_listed(names)}"

    def _unused(self, wish: Wish) -> str | None:
        """Remove one initializer that nothing reads and that is no input of the model."""
        name = wish.tensor
        if name not in self.tensors or name in self.inputs | self.outputs or self._read(name):
            return None
        self.gone.add(name)
        return f"removed unused initializer '{name}'"

    def _identity(self, wish: Wish) -> str | None:
        node = self._node(wish)
        source = next((name for name in node.input if name), None) if node is not None else None
        return self._bypass(node, source)

    def _neutral(self, wish: Wish) -> str | None:
        node = self._node(wish)
        if node is None or len(node.input) != 2 or wish.tensor not in node.input:
            return None
        return self._bypass(node, node.input[1 - list(node.input).index(wish.tensor)])

    def _transposes(self, wish: Wish) -> str | None:
        node = self._node(wish)
        before = self.makers.get(node.input[0]) if node is not None else None
        if node is None or before is None or {node.op_type, before.op_type} != {"Transpose"}:
            return None
        first, second = (
            next((list(a.ints) for a in n.attribute if a.name == "perm"), None) for n in (before, node)
        )
        if (first is None) != (second is None):
            return None
        if first is not None and second is not None and [first[i] for i in second] != list(range(len(first))):
            return None
        return self._bypass(node, before.input[0])

    def _bypass(self, node: onnx.NodeProto | None, source: str | None) -> str | None:
        """Let every reader of ``node`` read ``source``; the node itself is then gone."""
        if node is None or not source or any(node.output[1:]):
            return None
        result = node.output[0]
        if source in self.hidden or result in self.hidden:
            return None
        if result in self.outputs:
            maker = self.makers.get(source)
            if maker is None or source in self.outputs or maker is node:
                return None
            self.removed.add(id(node))
            self._rename(source, result)
            maker.output[list(maker.output).index(source)] = result
            self.makers[result] = maker
            del self.makers[source]
            self.gone.add(source)
        else:
            self.removed.add(id(node))
            self._rename(result, source)
            del self.makers[result]
            self.gone.add(result)
        return f"removed {node.op_type} '{node.name or result}'"

    def _rename(self, old: str, new: str) -> None:
        readers = self._read(old)
        for node in readers:
            _rename(node, old, new)
        self.readers.pop(old, None)
        self.readers.setdefault(new, []).extend(readers)

    def _duplicate(self, wish: Wish) -> str | None:
        """Merge an initializer into the first one with the same bytes."""
        name = wish.tensor
        taken = self.inputs | self.outputs | self.gone | self.hidden
        if name not in self.tensors or name in taken:
            return None
        copy = self.tensors[name]
        alike = [
            t
            for t in self.graph.initializer
            if t.name not in taken and t.data_type == copy.data_type and list(t.dims) == list(copy.dims)
        ]
        key = _contents(copy)
        first = next((t.name for t in alike if t.name != name and _contents(t) == key), None)
        if first is None:
            return None
        self._rename(name, first)
        self.gone.add(name)
        return f"merged initializer '{name}' into '{first}'"

    def _sort(self, wish: Wish) -> str | None:
        """Order the nodes so that each stands behind what it reads; file order where that leaves a choice."""
        import heapq

        nodes = self._left()
        made = {name: i for i, node in enumerate(nodes) for name in node.output if name}
        before = [{made[name] for name in _reads(node) if name in made} for node in nodes]
        after: list[list[int]] = [[] for _ in nodes]
        for i, needed in enumerate(before):
            for j in needed:
                after[j].append(i)
        waiting = [len(needed) for needed in before]
        ready = [i for i, count in enumerate(waiting) if not count]
        heapq.heapify(ready)
        order: list[int] = []
        while ready:
            i = heapq.heappop(ready)
            order.append(i)
            for j in after[i]:
                waiting[j] -= 1
                if not waiting[j]:
                    heapq.heappush(ready, j)
        if len(order) != len(nodes) or order == list(range(len(nodes))):
            return None
        self.nodes = [nodes[i] for i in order]
        return "sorted the nodes"

    def _declared(self, wish: Wish) -> str | None:
        """Remove a wrong declaration of an inner tensor, correct that of an output."""
        name = wish.tensor
        for output in self.graph.output:
            if wish.shape is not None and output.name == name and output.type.HasField("tensor_type"):
                shape = output.type.tensor_type.shape
                del shape.dim[:]
                for size in wish.shape:
                    dim = shape.dim.add()
                    if isinstance(size, int):
                        dim.dim_value = size
                    elif size is not None:
                        dim.dim_param = size
                return f"corrected the declared shape of output '{name}'"
        if any(info.name == name for info in self.graph.value_info):
            self.undeclared.add(name)
            return f"removed the wrong declaration of '{name}'"
        return None


def _drop(listed: Any, names: set[str]) -> None:
    for index in reversed(range(len(listed))):
        if listed[index].name in names:
            del listed[index]


def _bodies(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The bodies that ``node`` holds, and those in them."""
    waiting = [node]
    while waiting:
        for attribute in waiting.pop().attribute:
            graphs = [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
            for graph in graphs:
                yield graph
                waiting += list(graph.node)


def _defined(graph: onnx.GraphProto) -> set[str]:
    found = {v.name for v in graph.input} | {t.name for t in graph.initializer}
    return found | {name for node in graph.node for name in node.output}


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """Tensors that ``node`` or a body of it reads; a name that a body defines may be among them."""
    yield from (name for name in node.input if name)
    for body in _bodies(node):
        yield from (name for inner in body.node for name in inner.input if name)
        yield from (output.name for output in body.output)


def _rename(node: onnx.NodeProto, old: str, new: str) -> None:
    readers = [node, *(inner for body in _bodies(node) for inner in body.node)]
    for reader in readers:
        for i, name in enumerate(reader.input):
            if name == old:
                reader.input[i] = new
    for body in _bodies(node):
        for output in body.output:
            if output.name == old:
                output.name = new


def _contents(tensor: onnx.TensorProto) -> bytes:
    """Type, shape and bytes of a tensor, whatever it is called."""
    plain = type(tensor)()
    plain.CopyFrom(tensor)
    for field in ("name", "doc_string"):
        plain.ClearField(field)
    data: bytes = plain.SerializeToString(deterministic=True)
    return data


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def read_proto(path: str) -> onnx.ModelProto:
    """The whole of an ONNX file; data stored beside it stays there. Raises `LoadError`."""
    import onnx
    from google.protobuf.message import DecodeError

    if not path.endswith(".onnx"):
        raise LoadError("IO009", "only ONNX files in binary form can be rewritten")
    try:
        return onnx.load(path, load_external_data=False)
    except (OSError, DecodeError) as error:
        raise LoadError("IO006", f"cannot be read whole: {error}") from None


def valid(model: onnx.ModelProto) -> bool:
    """Whether onnx's own checker accepts the model."""
    import onnx

    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError):
        return False
    return True


def write_proto(model: onnx.ModelProto, path: str) -> None:
    """Write ``path`` whole or not at all, keeping its permissions; raises `OSError`."""
    with replacing(path) as file:
        file.write(model.SerializeToString())


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file that becomes ``path`` when all is written, with its permissions; raises `OSError`."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=".archlint-", suffix=".onnx", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
