"""The walk: contents through arithmetic, control flow, functions, and what it does about mistakes."""

import numpy as np
import onnx
import onnxruntime
import pytest

from archlint.analyses.shapes import Propagation
from archlint.api import analyse, load
from archlint.model import Fact
from archlint.ops import Registry, registry
from archlint.ops.operator import Operator, operator

onnxruntime.set_default_logger_severity(4)


def model_of(text, folder):
    path = folder / "m.onnx"
    onnx.save(onnx.parser.parse_model(text), path)
    return load(path)


HEAD = '<ir_version: 10, opset_import: ["" : 21, "f" : 1]>\n'


def shapes_of(text, folder, **settings):
    found = analyse(model_of(HEAD + text, folder), **settings).shapes
    assert not found.failures, found.failures
    return found


def outputs(text, folder, **settings):
    found = shapes_of(text, folder, **settings)
    assert not found.defects, found.defects[0].error.message
    return {n: str(found.main.fact(n)) for n in found.main.graph.outputs}


RESHAPES = {
    "transformer": (
        """g (float[B, S, 768] x) => (float[] y) {
            shape = Shape(x)  zero = Constant<value_int: int = 0>()  b = Gather(shape, zero)
            one = Constant<value_int: int = 1>()  s = Gather(shape, one)
            axes = Constant<value_ints: ints = [0]>()  b1 = Unsqueeze(b, axes)  s1 = Unsqueeze(s, axes)
            heads = Constant<value_ints: ints = [12, -1]>()
            target = Concat<axis: int = 0>(b1, s1, heads)  r = Reshape(x, target)
            y = Transpose<perm: ints = [0, 2, 1, 3]>(r) }""",
        "[B, 12, S, 64]",
    ),
    "half": (
        """g (float[N, 8] x) => (float[] y) {
            shape = Shape<start: int = 1>(x)  two = Constant<value_int: int = 2>()
            half = Div(shape, two)  m = Constant<value_ints: ints = [-1]>()
            target = Concat<axis: int = 0>(m, half)  y = Reshape(x, target) }""",
        "[2*N, 4]",
    ),
    "scaled": (
        """g (float[N, 8] x) => (float[] y) {
            shape = Shape(x)  f = Cast<to: int = 1>(shape)  s = Constant<value_float: float = 2.0>()
            m = Mul(f, s)  r = Floor(m)  i = Cast<to: int = 7>(r)  y = ConstantOfShape(i) }""",
        "[2*N, 16]",
    ),
    "range": (
        """g (float[N, 8] x) => (int64[] y) {
            shape = Shape(x)  zero = Constant<value_int: int = 0>()  one = Constant<value_int: int = 1>()
            n = Gather(shape, zero)  y = Range(zero, n, one) }""",
        "[N]",
    ),
    "where": (
        """g (float[N, 1] x) => (float[] y) {
            target = Constant<value_ints: ints = [-1, 5]>()  shape = Shape(x)
            minus = Constant<value_ints: ints = [-1]>()  c = Equal(target, minus)
            t = Where(c, shape, target)  y = Expand(x, t) }""",
        "[N, 5]",
    ),
    "flat": (
        """g (float[N, 3, H, W] x) => (float[] y) {
            t = Constant<value_ints: ints = [0, -1]>()  y = Reshape(x, t) }""",
        "[N, 3*H*W]",
    ),
    "unknown target, one axis": (
        """g (float[N, 3] x, int64[1] t) => (float[] y) { y = Reshape(x, t) }""",
        "[3*N]",
    ),
    "squeeze may drop": ("""g (float[N, 3] x) => (float[] y) { y = Squeeze(x) }""", "[...]"),
    "split without sizes known": (
        """g (float[9] x, int64[2] t) => (float[] y, float[] z) { y, z = Split(x, t) }""",
        "[?]",
    ),
}


@pytest.mark.parametrize("name", RESHAPES)
def test_contents_decide_shapes(name, tmp_path):
    text, expected = RESHAPES[name]
    assert outputs(text, tmp_path)["y"] == expected


IF = """g (float[N, 3] x, bool c) => (float[] y) {
    flag = %s
    y = If (flag) <then_branch = a () => (float[] p) { axes = Constant<value_ints: ints = [1]>()
                    p = Squeeze(x, axes) },
                  else_branch = b () => (float[] q) { q = Relu(x) }> }"""


def test_a_branch_that_never_runs_has_only_remarks(tmp_path):
    text = IF % "Constant<value: tensor = bool {0}>()"
    found = shapes_of(text, tmp_path)
    assert [(d.error.kind, d.error.severity) for d in found.defects] == [("shape-mismatch", "info")]
    assert str(found.main.fact("y")) == "[N, 3]"
    assert [s.reachable for s in found.scopes if s.path] == [False, True]


def test_a_branch_that_may_run_has(tmp_path):
    (defect,) = shapes_of(IF % "Identity(c)", tmp_path).defects
    assert defect.error.kind == "shape-mismatch"
    assert "3" in defect.error.message


LOOP = """g (float[N, 3] x, int64 m) => (float[] y, float[] z) {
    yes = Constant<value: tensor = bool {1}>()  trips = %s
    y, z = Loop (trips, yes, x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t, float[] u) {
        d = Identity(c)  t = %s  u = Relu(x) }> }"""


@pytest.mark.parametrize(
    ("trips", "step", "y", "z"),
    [
        ("Constant<value_int: int = 4>()", "Relu(s)", "[N, 3]", "[4, N, 3]"),
        ("Constant<value_int: int = 3>()", "Concat<axis: int = 1>(s, x)", "[N, 12]", "[3, N, 3]"),
        ("Identity(m)", "Relu(s)", "[N, 3]", "[?, N, 3]"),
        ("Identity(m)", "Concat<axis: int = 1>(s, x)", "[N, ?]", "[?, N, 3]"),
        ("Size(x)", "Relu(s)", "[N, 3]", "[3*N, N, 3]"),
        ("Constant<value_int: int = 0>()", "Transpose(s)", "[N, 3]", "[0, ?, ?]"),
    ],
)
def test_loops(trips, step, y, z, tmp_path):
    assert outputs(LOOP % (trips, step), tmp_path) == {"y": y, "z": z}


def test_scan(tmp_path):
    text = """g (float[B] h, float[T, B] x) => (float[] y, float[] z) {
        y, z = Scan <num_scan_inputs: int = 1, body = b (float[] s, float[] e) => (float[] t, float[] u) {
            t = Add(s, e)  u = Relu(t) }> (h, x) }"""
    assert outputs(text, tmp_path) == {"y": "[B]", "z": "[T, B]"}


def test_sequences(tmp_path):
    text = """g (float[2, N] x, float[3, N] y) => (float[] a, float[] b, int64[] n) {
        s = SequenceConstruct(x, y)  one = Constant<value_int: int = 1>()
        a = SequenceAt(s, one)  b = ConcatFromSequence<axis: int = 0>(s)  n = SequenceLength(s) }"""
    assert outputs(text, tmp_path) == {"a": "[3, N]", "b": "[5, N]", "n": "[]"}


FUNCTIONS = """
<domain: "f", opset_import: ["" : 21]> twice <axis: int = 1>(x) => (y) { y = Concat<axis: int = @axis>(x, x) }
<domain: "f", opset_import: ["" : 21, "f" : 1]> four <k>(x) => (y) { a = f.twice<axis: int = @k>(x)
    y = f.twice<axis: int = @k>(a) }
<domain: "f", opset_import: ["" : 21, "f" : 1]> self (x) => (y) { y = f.self(x) }
<domain: "f", opset_import: ["" : 21]> some (x) => (y) { n = NonZero(x)  y = Transpose(n) }
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("f.twice(x)", "[N, 6]"),
        ("f.twice<axis: int = 0>(x)", "[2*N, 3]"),
        ("f.four<k: int = 0>(x)", "[4*N, 3]"),
        ("f.some(x)", "[?, 2]"),
    ],
)
def test_functions(call, expected, tmp_path):
    kind = "int64" if "some" in call else "float"
    text = f"g (float[N, 3] x) => ({kind}[] y) {{ y = {call} }}"
    assert outputs(text + FUNCTIONS, tmp_path)["y"] == expected


def test_unknowns_of_two_calls_are_two(tmp_path):
    text = """g (float[4] x, float[4] z) => (int64[] a, int64[] b) { a = f.some(x)  b = f.some(z) }"""
    found = shapes_of(text + FUNCTIONS, tmp_path)
    a, b = (found.main.fact(n).shape[0] for n in "ab")
    assert a != b
    assert len(found.scopes) == 2


def test_recursion_is_refused(tmp_path):
    text = "g (float[N, 3] x) => (float[] y) { y = f.self(x) }" + FUNCTIONS
    (defect,) = shapes_of(text, tmp_path).defects
    assert defect.error.kind == "recursive-function"


def test_calls_of_calls_are_not_exponential(tmp_path):
    levels = "".join(
        f'<domain: "f", opset_import: ["" : 21, "f" : 1]> g{i} (x) => (y)'
        f" {{ a = f.g{i - 1}(x)  b = f.g{i - 1}(a)  y = Add(a, b) }}\n"
        for i in range(1, 30)
    )
    bottom = '<domain: "f", opset_import: ["" : 21]> g0 (x) => (y) { y = Relu(x) }\n'
    text = "g (float[N, ?] x) => (float[] y) { y = f.g29(x) }\n" + bottom + levels
    walk = Propagation(model_of(HEAD + text, tmp_path))
    found = walk.run()
    assert str(found.main.fact("y")) == "[N, ?]"
    assert walk.evaluations < 1_000


def test_nested_loops_are_not_exponential(tmp_path):
    body = "t = Concat<axis: int = 0>(s, s)"
    for i in range(12):
        body = f"""t = Loop (m, , s) <body = b{i} (int64 i{i}, bool c{i}, float[] s) => (bool d{i}, float[] t) {{
            d{i} = Identity(c{i})  {body} }}>"""
    text = "g (float[N] s, int64 m) => (float[] t) { " + body + " }"
    walk = Propagation(model_of(HEAD + text, tmp_path))
    walk.run()
    assert walk.evaluations < 5_000


def test_symbols_can_be_fixed_or_bounded(tmp_path):
    text = """g (float[N, 3] x) => (float[] y, float[] z) {
        y = Relu(x)  axes = Constant<value_ints: ints = [0]>()  z = Squeeze(x) }"""
    assert outputs(text, tmp_path, dims={"N": 8})["y"] == "[8, 3]"
    assert outputs(text, tmp_path, dims={"N": (2, 9)})["z"] == "[N, 3]"
    assert outputs(text, tmp_path, shapes={"x": (4, 3)})["z"] == "[4, 3]"


DEFECTS = {
    "broadcast": ("y = Add(a, b)", "shape-mismatch", ("3", "4")),
    "concat": ("y = Concat<axis: int = 0>(a, b)", "shape-mismatch", ("3", "4")),
    "reshape": (
        "t = Constant<value_ints: ints = [5, 2]>()  y = Reshape(a, t)",
        "reshape-element-count",
        ("10", "6"),
    ),
    "gather": (
        "i = Constant<value_ints: ints = [7]>()  y = Gather<axis: int = 1>(a, i)",
        "index-out-of-range",
        ("7", "3"),
    ),
    "axis": ("y = Flatten<axis: int = 5>(a)", "axis-out-of-range", ("5", "2")),
    "perm": ("y = Transpose<perm: ints = [0, 0]>(a)", "attribute-invalid", ("2",)),
    "inputs": ("y = Add(a)", "input-count", ("2", "1")),
    "split": ("y, z = Split<axis: int = 1>(a)", None, ()),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_contradictions(name, tmp_path):
    body, kind, numbers = DEFECTS[name]
    found = shapes_of("g (float[2, 3] a, float[2, 4] b) => (float[] y) { " + body + " }", tmp_path)
    if kind is None:
        assert found.defects == []
        return
    (defect,) = found.defects
    assert defect.error.kind == kind
    assert all(n in defect.error.message for n in numbers)
    assert found.main.fact("y").shape is None


def test_a_wrong_declaration(tmp_path):
    text = "g (float[2, 3] a) => (float[2, 4] y) { y = Relu(a) }"
    (defect,) = shapes_of(text, tmp_path).defects
    assert defect.error.kind == "declared-shape-contradiction"


def test_an_operator_that_fails_costs_only_its_outputs(tmp_path):
    @operator("Relu")
    class Broken(Operator):
        def outputs(self, x):
            raise KeyError("oops")

    @operator("Identity")
    class Identity(Operator):
        def outputs(self, x):
            return [Fact("float32", (1,))]

    known = Registry()
    known._versions = {("", c.signatures[0].op_type): [(1, c)] for c in (Broken, Identity)}
    model = model_of(
        HEAD + "g (float[2] a) => (float[] y, float[] z) { y = Relu(a)  z = Identity(y) }", tmp_path
    )
    found = Propagation(model, operators=known).run()
    ((step, error),) = found.failures
    assert isinstance(error, KeyError)
    assert "Relu" in step.reason
    assert found.main.fact("y").shape is None
    assert str(found.main.fact("z")) == "[1]"
    assert registry(plugins=False).find("", "Relu", 13) is not None


CHAINS = {
    "pad and slice": """g (float[N, 4, H] x) => (float[] y) {
        p = Constant<value_ints: ints = [0, 0, 1, 0, 0, 2]>()  a = Pad(x, p)
        s = Constant<value_ints: ints = [1]>()  e = Constant<value_ints: ints = [-1]>()
        ax = Constant<value_ints: ints = [2]>()  st = Constant<value_ints: ints = [2]>()
        y = Slice(a, s, e, ax, st) }""",
    "tile and reduce": """g (float[N, H] x) => (float[] y) {
        r = Constant<value_ints: ints = [2, 3]>()  a = Tile(x, r)  ax = Constant<value_ints: ints = [0]>()
        y = ReduceSum(a, ax) }""",
    "integer arithmetic": """g (float[N, H] x) => (float[] y) {
        s = Shape(x)  three = Constant<value_int: int = 3>()  two = Constant<value_int: int = 2>()
        a = Mul(s, three)  b = Sub(a, two)  c = Div(b, two)  d = Max(c, two)  e = Mod(s, two)  f = Add(d, e)
        y = ConstantOfShape(f) }""",
    "expand and gather": """g (float[N, 1] x) => (float[] y) {
        s = Shape(x)  two = Constant<value_ints: ints = [1, 5]>()  m = Mul(s, two)  a = Expand(x, m)
        i = Constant<value_ints: ints = [0, 2]>()  y = Gather<axis: int = 1>(a, i) }""",
    "split and concat": """g (float[N, 6] x) => (float[] y) {
        a, b = Split<axis: int = 1, num_outputs: int = 2>(x)  y = Concat<axis: int = 0>(a, b) }""",
    "one hot": """g (int64[N] x) => (float[] y) {
        d = Constant<value_int: int = 7>()  v = Constant<value_floats: floats = [0.0, 1.0]>()
        y = OneHot(x, d, v) }""",
}


@pytest.mark.parametrize("name", CHAINS)
def test_formulas_against_onnxruntime(name, tmp_path):
    """The formula at two sizes is the shape that comes out of a run at those sizes."""
    from archlint.symbolic import evaluate

    text = HEAD + CHAINS[name]
    proto = onnx.parser.parse_model(text)
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    found = shapes_of(CHAINS[name], tmp_path)
    shape = found.main.fact("y").shape
    for sizes in ({"N": 3, "H": 4}, {"N": 6, "H": 9}):
        (given,) = session.get_inputs()
        dims = [d if isinstance(d, int) else sizes[d] for d in given.shape]
        kind = np.int64 if "int64" in given.type else np.float32
        (y,) = session.run(None, {given.name: np.zeros(dims, kind)})
        assert tuple(evaluate(d, sizes) for d in shape) == y.shape
