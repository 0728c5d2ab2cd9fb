"""No input makes an operator raise anything but a contradiction or an unknown."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.errors import ShapeError, Undetermined
from archlint.model import Fact, Node
from archlint.ops import ANY, Interval, registry
from archlint.ops.attribute import Attribute
from archlint.symbolic import fresh, symbol

REGISTRY = registry(plugins=False)
CLASSES = sorted(
    {
        (s.domain, s.op_type, s.since)
        for domain, op in REGISTRY.names()
        for opset in range(1, 29)
        if (cls := REGISTRY.find(domain, op, opset)) is not None
        for s in cls.signatures
        if (s.domain, s.op_type) == (domain, op)
    }
)
DIMS = st.one_of(st.integers(0, 8), st.sampled_from([symbol("N"), symbol("H") + 1, -1]), st.builds(fresh))
SHAPES = st.one_of(st.none(), st.lists(DIMS, max_size=5).map(tuple))
VALUES = st.one_of(st.none(), st.integers(-3, 70), st.sampled_from([symbol("N"), 2**63, -(2**63)]))


@st.composite
def facts(draw):
    shape = draw(SHAPES)
    dtype = draw(st.sampled_from(["float32", "int64", "uint8", "string", "bool", None]))
    content = None
    if draw(st.booleans()):
        size = draw(st.integers(0, 6))
        content = tuple(draw(VALUES) for _ in range(size))
        shape = (size,) if size != 1 or draw(st.booleans()) else ()
    return Fact(dtype, shape, content, constant=draw(st.booleans()))


ATTRIBUTES = st.one_of(
    st.integers(-3, 9),
    st.sampled_from([0, 1, 2**63 - 1, -(2**63)]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.lists(st.integers(-2, 9), max_size=6).map(tuple),
    st.lists(st.floats(-2, 2), max_size=6).map(tuple),
    st.sampled_from(
        ["", "SAME_UPPER", "VALID", "mean", "bidirectional", "ij,jk->ik", "...->", "i,->", "linear"]
    ),
    st.just(b"\xff"),
)


@given(st.sampled_from(CLASSES), st.data())
@settings(max_examples=500, deadline=None)
def test_only_contradictions_and_unknowns_are_raised(signature, data):
    domain, op, since = signature
    cls = REGISTRY.find(domain, op, since)
    names = [a.name for c in cls.__mro__ for a in vars(c).values() if isinstance(a, Attribute)]
    attrs = {name: data.draw(ATTRIBUTES) for name in names if data.draw(st.integers(0, 3)) == 0}
    inputs = data.draw(st.lists(st.one_of(facts(), facts(), st.none()), max_size=10))
    node = Node(op, tuple(f"i{k}" if f is not None else "" for k, f in enumerate(inputs)), ("a", "b", "c"))
    operator = cls(node, attrs, max(since, 1))
    try:
        outs = operator.call(inputs)
    except (ShapeError, Undetermined):
        return
    assert all(isinstance(f, Fact) for f in outs)
    given_outs = outs or [Fact()]
    operator.cost(inputs, given_outs)
    ranges = [data.draw(st.sampled_from([ANY, Interval(-1.0, 2.0), Interval(0.0, 0.0)])) for _ in inputs]
    found = operator.bounds(ranges, inputs, given_outs)
    for interval in found:
        low, high = np.asarray(interval.lo), np.asarray(interval.hi)
        assert not np.isnan(low).any()
        assert not np.isnan(high).any()
