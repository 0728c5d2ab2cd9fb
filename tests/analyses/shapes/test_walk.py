"""The walk ends quickly, contains what fails, and checks what the file declares."""

import onnx
import pytest
from onnx import TensorProto, helper

from archlint.analyses.shapes import Propagation
from archlint.api import load
from archlint.model import Fact
from archlint.ops import Operator, Registry
from archlint.ops.operator import Signature

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name, kind=FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, ins, outs, **attributes):
    return helper.make_node(op, ins, outs, **attributes)


@pytest.fixture
def walked(tmp_path):
    def walk(nodes, inputs, outputs, functions=(), infos=(), **settings):
        graph = helper.make_graph(nodes, "g", inputs, outputs, value_info=list(infos))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("f", 1)],
            functions=list(functions),
            ir_version=9,
        )
        path = tmp_path / "m.onnx"
        onnx.save(model, path)
        propagation = Propagation(load(path), **settings)
        result = propagation.run()
        result.work = propagation.evaluations + propagation.tried
        return result

    return walk


def function(name, nodes, inputs=("x",), attributes=()):
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("f", 1)]
    return helper.make_function("f", name, list(inputs), ["y"], nodes, imports, list(attributes))


def text(result, name="y"):
    return str(result.main.fact(name))


def dag(depth, last):
    """Functions of which each calls the next one twice."""

    def twice(after):
        calls = [node(after, [a], [b], domain="f") for a, b in (("x", "a"), ("a", "b"))]
        return [*calls, node("Add", ["a", "b"], ["y"])]

    return [function(f"f{k}", twice(f"f{k + 1}")) for k in range(depth)] + [function(f"f{depth}", last)]


@pytest.mark.parametrize("shape", [[3, 4], ["N", 4], [None, None]], ids=str)
def test_calls_that_see_the_same_share_a_scope(walked, shape):
    result = walked(
        [node("f0", ["x"], ["y"], domain="f")],
        [value("x", shape=shape)],
        [value("y")],
        dag(60, [node("Relu", ["x"], ["y"])]),
        strict=True,
    )
    assert len(result.scopes) == 62
    expected = [str(d) if d is not None else "?" for d in shape]
    assert text(result) == f"[{', '.join(expected)}]"


def test_calls_do_not_share_what_depends_on_their_data(walked):
    count = function("f0", [node("NonZero", ["x"], ["z"]), node("Transpose", ["z"], ["y"])])
    result = walked(
        [node("f0", ["a"], ["p"], domain="f"), node("f0", ["b"], ["q"], domain="f")],
        [value("a", shape=[3]), value("b", shape=[3])],
        [value("p", INT64), value("q", INT64)],
        [count],
    )
    p, q = result.main.fact("p").shape, result.main.fact("q").shape
    assert p[1] == q[1] == 1
    assert p[0] != q[0]
    assert len(result.scopes) == 2


def test_sizes_that_only_the_data_decides_stay_bounded(walked):
    last = [node("NonZero", ["x"], ["z"]), node("Cast", ["z"], ["y"], to=FLOAT)]
    result = walked(
        [node("f0", ["x"], ["y"], domain="f")], [value("x", shape=[3, 4])], [value("y")], dag(40, last)
    )
    assert text(result) == "[2, ?]"
    assert result.work < 2_000


def loops(depth, trips):
    def body(level):
        x, y = f"x{level}", f"y{level}"
        if level < depth:
            work = [node("Loop", ["m", "", x], [y], body=body(level + 1))]
        else:
            work = [node("Concat", [x, x], [y], axis=0)]
        return helper.make_graph(
            [node("Identity", [f"c{level}"], [f"d{level}"]), *work],
            "b",
            [value(f"i{level}", INT64, []), value(f"c{level}", BOOL, []), value(x)],
            [value(f"d{level}", BOOL, []), value(y)],
        )

    limit = helper.make_tensor("m", INT64, [], [trips])
    return [node("Constant", [], ["m"], value=limit), node("Loop", ["m", "", "x"], ["y"], body=body(0))]


@pytest.mark.parametrize("trips", [2, 16, 1000])
def test_loops_in_loops_end(walked, trips):
    result = walked(loops(28, trips), [value("x", shape=[3, 4])], [value("y")], strict=True)
    assert result.work < 120_000
    assert not result.defects


def test_nested_loops_keep_sizes_that_do_not_change(walked):
    result = walked(loops(3, 1000), [value("x", shape=[3, 4])], [value("y")], strict=True)
    assert text(result) == "[?, 4]"


def test_a_recursion_is_refused(walked):
    one = function("one", [node("two", ["x"], ["y"], domain="f")])
    two = function("two", [node("one", ["x"], ["y"], domain="f")])
    result = walked(
        [node("one", ["x"], ["y"], domain="f")], [value("x", shape=[3])], [value("y")], [one, two]
    )
    assert [d.error.kind for d in result.defects] == ["recursive-function"]


def test_a_chain_of_calls_too_deep_is_unknown(walked):
    chain = [function(f"f{k}", [node(f"f{k + 1}", ["x"], ["y"], domain="f")]) for k in range(300)]
    chain.append(function("f300", [node("Relu", ["x"], ["y"])]))
    result = walked([node("f0", ["x"], ["y"], domain="f")], [value("x", shape=[3])], [value("y")], chain)
    assert text(result) == "[...]"
    reasons = {s.reason for scope in result.scopes for s in scope.steps}
    assert any(r and "deep" in r for r in reasons)


def test_an_attribute_reaches_the_body_by_reference(walked):
    flat = function("flat", [node("Flatten", ["x"], ["y"])], attributes=["axis"])
    reference = flat.node[0].attribute.add()
    reference.name, reference.ref_attr_name, reference.type = "axis", "axis", onnx.AttributeProto.INT
    calls = [
        node("flat", ["x"], ["p"], domain="f", axis=2),
        node("flat", ["x"], ["q"], domain="f"),  # no value: the operator's own default
    ]
    result = walked(calls, [value("x", shape=[2, 3, 5])], [value("p"), value("q")], [flat])
    assert (text(result, "p"), text(result, "q")) == ("[6, 5]", "[2, 15]")


@pytest.mark.parametrize(
    ("declared", "kind", "expected"),
    [
        (["N", 4], FLOAT, []),
        (["M", 4], FLOAT, []),
        ([None, 4], FLOAT, []),
        (["N", 5], FLOAT, ["declared-shape-contradiction"]),
        (["N"], FLOAT, ["declared-shape-contradiction"]),
        (["N", 4], INT64, ["declared-type-contradiction"]),
    ],
    ids=str,
)
def test_what_the_file_declares_is_checked(walked, declared, kind, expected):
    result = walked([node("Relu", ["x"], ["y"])], [value("x", shape=["N", 4])], [value("y", kind, declared)])
    assert [d.error.kind for d in result.defects] == expected


def test_a_symbol_contradicts_its_double(walked):
    result = walked(
        [node("Concat", ["x", "x"], ["y"], axis=0)],
        [value("x", shape=["N", 4])],
        [value("y", shape=["N", 4])],
    )
    assert [d.error.kind for d in result.defects] == ["declared-shape-contradiction"]


def test_a_branch_that_never_runs_has_only_remarks(walked):
    def branch(name, other):
        add = node("Add", ["x", other], [name])
        return helper.make_graph([add], "b", [], [value(name)])

    condition = helper.make_tensor("c", BOOL, [], [True])
    nodes = [
        node("Constant", [], ["c"], value=condition),
        node("If", ["c"], ["y"], then_branch=branch("t", "x"), else_branch=branch("e", "z")),
    ]
    result = walked(nodes, [value("x", shape=[3]), value("z", shape=[4])], [value("y")])
    assert text(result) == "[3]"
    (defect,) = result.defects
    assert defect.error.severity == "info"
    assert defect.error.message.endswith("(in a body that never runs)")


class Broken(Operator):
    signatures = (Signature("", "Relu", 1),)

    def outputs(self, *inputs):
        raise IndexError("of its own")


class OnlyBroken(Registry):
    def find(self, domain, op_type, opset):
        return Broken


def test_a_definition_that_raises_costs_its_outputs_alone(walked):
    Broken.accepted = None
    graph = [node("Relu", ["x"], ["y"])], [value("x", shape=[3])], [value("y")]
    result = walked(*graph, operators=OnlyBroken())
    assert [type(error) for _, error in result.failures] == [IndexError]
    assert result.main.fact("y").shape is None
    with pytest.raises(IndexError):
        walked(*graph, operators=OnlyBroken(), strict=True)


def test_ranges_decide_comparisons(walked):
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Constant", [], ["k"], value_ints=[32]),
        node("Min", ["s", "k"], ["m"]),
        node("ConstantOfShape", ["m"], ["y"]),
    ]
    ends = [value("x", shape=["N"])], [value("y")]
    assert text(walked(nodes, *ends, dims={"N": (1, 20)})) == "[N]"
    assert text(walked(nodes, *ends, dims={"N": (64, None)})) == "[32]"
    assert text(walked(nodes, *ends, dims={"N": 7})) == "[7]"


def test_a_cycle_and_a_missing_tensor_are_unknown(walked):
    nodes = [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Add", ["x", "nobody"], ["y"])]
    result = walked(nodes, [value("x", shape=[3])], [value("y")], strict=True)
    assert result.main.fact("a") == result.main.fact("b") or result.main.fact("a").shape is None
    assert isinstance(result.main.fact("y"), Fact)
